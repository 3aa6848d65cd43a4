import type { NodeAPI } from "node-red";
import { describe, openDigitalInput, registerNode, TinymlError } from "../lib";
import { parseConfig } from "./config";

/** The node tinyml-digital-in: a button or another switch becomes 0 and 1. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-digital-in", parseConfig, ({ node, status, text, fail }, config) => {
    let problem: string | undefined;
    status.show("grey", "ring", text("status.ready"));
    const input = openDigitalInput(config.input, {
      onLevel(on) {
        problem = undefined;
        status.show("green", on ? "dot" : "ring", text(on ? "status.on" : "status.off"));
        if (config.send === "both" || (config.send === "on") === on) {
          node.send({ payload: on ? 1 : 0, topic: `gpio/${config.pin}` } as { payload: number });
        }
      },
      onError(error) {
        // What is missing is no fault of the flow: it goes on with a grey status, and says so once.
        const isNew = error.code !== problem;
        problem = error.code;
        if (error.code !== "TINYML_HARDWARE_MISSING") {
          if (isNew) fail(error);
          return;
        }
        status.show("grey", "ring", text("status.missing"));
        if (isNew) node.error(error, {});
      },
    });
    return {
      input({ payload }) {
        if (payload !== 0 && payload !== 1 && typeof payload !== "boolean") {
          throw new TinymlError(
            "TINYML_NOT_A_NUMBER",
            `A simulated button takes 0, 1, true or false in msg.payload, but it is ${describe(payload)}.`,
          );
        }
        input.press(payload === 1 || payload === true);
      },
      close: () => input.close(),
    };
  });
}
