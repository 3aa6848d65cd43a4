import type { NodeAPI } from "node-red";
import {
  answerOf,
  commandOf,
  type ErrorCode,
  findDataset,
  type Message,
  numberOf,
  readingOf,
  registerNode,
  type Send,
  toTinymlError,
} from "../lib";
import { parseConfig, type RecordConfig } from "./config";
import { createRecorder } from "./recorder";

/** Errors of a single reading, after which a recording goes on. When the disk fails, so will the next ones, and it ends. */
const aboutReading = new Set<ErrorCode>([
  "TINYML_NOT_A_NUMBER",
  "TINYML_CHANNEL_COUNT",
  "TINYML_NO_LABEL",
  "TINYML_UNKNOWN_LABEL",
]);

/** The node tinyml-record: writes readings into a dataset. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-record", parseConfig, ({ status, text }, config) => {
    const wanted = config.count === 0 ? "∞" : config.count;
    const endsWith = (error: unknown) => !aboutReading.has(toTinymlError(error).code);
    const recorder = createRecorder(config.count || Infinity, {
      onProgress: (recorded) => status.show("blue", "dot", () => text("status.recording", { recorded, wanted })),
      endsWith,
    });
    /** With "record everything": one recording that begins anew after each failure. */
    const everything = createRecorder(Infinity, { onProgress: () => {}, endsWith });
    let clearing: Promise<void> | undefined;
    const dataset = () => findDataset(RED, config.dataset);

    /** Tells the flow that a recording is over. */
    async function tell(recorded: number | undefined, send: Send): Promise<void> {
      if (recorded === undefined) return;
      const { count: total } = await dataset().open();
      status.show("green", "dot", text("status.recorded", { recorded, total }));
      send({ payload: { recorded, total }, topic: dataset().name });
    }

    async function command(message: Message, send: Send): Promise<void> {
      const word = commandOf(message.record, "record", ["start", "stop", "clear"]);
      const source = dataset();
      if (word === "stop") return tell(await recorder.stop(), send);
      if (word === "clear") {
        status.show("grey", "ring", text("status.cleared"));
        // A recording that is under way begins anew: what it has so far is thrown away, and what comes from now on counts.
        if (recorder.recording) recorder.start();
        clearing = source.clear();
        try {
          await clearing;
        } catch (error) {
          await recorder.stop();
          throw error;
        }
        return;
      }
      // Readings that come while the files are being opened count, too.
      recorder.start();
      await source.open().catch(async (error) => {
        await recorder.stop();
        throw error;
      });
    }

    /** Stores a reading; done when it is on disk. */
    async function store(message: Message): Promise<void> {
      const source = dataset();
      const answer = answerOf(source.task, answerIn(RED, config, message, source.task));
      const row = { values: readingOf(message.payload), ...answer };
      await clearing;
      const opened = await source.open();
      await opened.append(typeof message.topic === "string" ? { ...row, source: message.topic } : row);
      if (config.always) status.show("blue", "dot", () => text("status.total", { total: opened.count }));
    }

    status.show("grey", "ring", text(config.always ? "status.always" : "status.ready"));
    return {
      async input(message, send) {
        if (message.record !== undefined) await command(message, send);
        else if (config.always) {
          if (!everything.recording) everything.start();
          await everything.take(store(message));
        } else if (recorder.open) await tell(await recorder.take(store(message)), send);
      },
    };
  });
}

/** What belongs to a reading: a property of the message, or the fixed value of the settings. */
function answerIn(RED: NodeAPI, { labelType, label }: RecordConfig, message: Message, task: string): unknown {
  if (labelType === "num") return numberOf(label) ?? label;
  if (labelType === "str") return task === "regression" ? (numberOf(label) ?? label) : label;
  try {
    return RED.util.getMessageProperty(message, label);
  } catch {
    // What should hold the property isn't there: to Node-RED an error, to us a reading without a label.
    return undefined;
  }
}
