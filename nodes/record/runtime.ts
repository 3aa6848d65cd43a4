import type { NodeAPI } from "node-red";
import { answerOf, commandOf, findDataset, type Message, numberOf, registerNode, type Task } from "../lib";
import { parseConfig, type RecordConfig } from "./config";
import { createSession } from "./session";

/** The node tinyml-record: writes readings, recordings, sounds and pictures into a dataset. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-record", parseConfig, (context, config) => {
    const { status, text } = context;
    const find = () => findDataset(RED, config.dataset);
    const session = createSession(context, config, {
      find,
      // As it is stored: of the number 01 that is "1".
      only:
        config.labelType === "msg"
          ? undefined
          : answerOf("classification", fixedAnswer(config, "classification")).label,
    });
    status.show("grey", "ring", text(config.always ? "status.always" : "status.ready"));
    return {
      input(message) {
        if (message.record === undefined) return session.take(message, (task) => answerIn(RED, config, message, task));
        const command = commandOf(message.record, "record", ["start", "stop", "undo", "clear"]);
        return session[command]();
      },
      close: () => session.close(),
    };
  });
}

/** What belongs to a reading: a property of the message, or the fixed value of the settings. */
function answerIn(RED: NodeAPI, config: RecordConfig, message: Message, task: Task): unknown {
  if (config.labelType !== "msg") return fixedAnswer(config, task);
  try {
    return RED.util.getMessageProperty(message, config.label);
  } catch {
    // What should hold the property isn't there: to Node-RED an error, to us a reading without a label.
    return undefined;
  }
}

/** The fixed value of the settings. */
function fixedAnswer({ labelType, label }: RecordConfig, task: Task): unknown {
  return labelType === "num" || task === "regression" ? (numberOf(label) ?? label) : label;
}
