import type { NodeAPI } from "node-red";
import { describe, openOutput, registerNode, TinymlError } from "../lib";
import { clampToRange, parseConfig } from "./config";

/** The node tinyml-output: a number becomes the brightness of an LED. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-output", parseConfig, ({ status, text }, config) => {
    const output = openOutput(config.output);
    status.show("grey", "ring", text("status.ready"));
    return {
      async input(message, send) {
        const { payload } = message;
        if (typeof payload !== "number" || Number.isNaN(payload)) {
          throw new TinymlError(
            "TINYML_NOT_A_NUMBER",
            `An output needs a number in msg.payload, but it is ${describe(payload)}.`,
          );
        }
        const value = clampToRange(payload, config);
        const level = (value - config.low) / (config.high - config.low);
        await output.write(level);
        status.show("yellow", level > 0 ? "dot" : "ring", () =>
          text("status.level", { bar: bar(level), percent: Math.round(level * 100) }),
        );
        message.payload = value;
        send(message);
      },
      close: () => output.close(),
    };
  });
}

/** The level as ten blocks, so that a simulated LED can be seen to glow. */
function bar(level: number): string {
  const lit = Math.round(level * 10);
  return "█".repeat(lit) + "░".repeat(10 - lit);
}
