import type { NodeAPI } from "node-red";
import { describe, openOutput, registerNode, registerRoutes, TinymlError, userFolder } from "../lib";
import { clampToRange, hardwareName, parseConfig } from "./config";

/** The node tinyml-output: a number becomes the brightness of an LED, the position of a servo, a relay that is on or off. */
export function register(RED: NodeAPI): void {
  registerRoutes(RED);
  registerNode(RED, "tinyml-output", parseConfig, (context, config) => {
    const { status, text, fail } = context;
    const { driver } = config.output;
    // Where the user installs packages.
    const folders = driver === "onoff" || driver === "pigpio" ? { folders: [userFolder(RED)] } : {};
    const lost = driver === "gpio" ? { lost: fail } : {};
    const output = openOutput({ ...config.output, ...folders, ...lost });
    const hardware = hardwareName(config.output);
    if (hardware !== undefined) context.hardware = hardware;
    status.show("grey", "ring", text("status.ready"));

    const show = (level: number, value: number) => {
      if (config.switches) {
        const on = level >= 0.5;
        status.show("yellow", on ? "dot" : "ring", text(on ? "status.on" : "status.off"));
      } else if (config.servo) {
        status.show("yellow", "dot", () => text("status.servo", { value: Number(value.toPrecision(4)) }));
      } else {
        status.show("yellow", level > 0 ? "dot" : "ring", () =>
          text("status.level", { bar: bar(level), percent: Math.round(level * 100) }),
        );
      }
    };
    return {
      async input(message, send) {
        // A switch is set by yes and no, too.
        const payload = typeof message.payload === "boolean" ? endOf(message.payload, config) : message.payload;
        if (typeof payload !== "number" || Number.isNaN(payload)) {
          throw new TinymlError(
            "TINYML_NOT_A_NUMBER",
            `An output needs a number in msg.payload, but it is ${describe(payload)}.`,
          );
        }
        const value = clampToRange(payload, config);
        const level = (value - config.low) / (config.high - config.low);
        await output.write(level);
        show(level, value);
        message.payload = value;
        send(message);
      },
      close: () => output.close(),
    };
  });
}

function endOf(on: boolean, { low, high }: { low: number; high: number }): number {
  return on ? high : low;
}

/** The level as ten blocks, so that a simulated LED can be seen to glow. */
function bar(level: number): string {
  const lit = Math.round(level * 10);
  return "█".repeat(lit) + "░".repeat(10 - lit);
}
