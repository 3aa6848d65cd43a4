import type { NodeAPI } from "node-red";
import { type Message, readingOf, registerNode, Windower, type WindowOfReadings, windowOf } from "../lib";
import { parseConfig } from "./config";

/** The sources whose readings are collected side by side at most; of more, the one that was silent longest is forgotten. */
const mostSources = 16;

/** The node tinyml-window: readings become windows. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-window", parseConfig, ({ status, text }, config) => {
    const sources = new Map<string, Windower>();
    let windows = 0;

    const sourceOf = (topic: unknown): Windower => {
      const name = typeof topic === "string" ? topic : "";
      const windower = sources.get(name) ?? new Windower(config);
      // The last one used comes last.
      sources.delete(name);
      sources.set(name, windower);
      const [oldest] = sources.keys();
      if (sources.size > mostSources) sources.delete(oldest);
      return windower;
    };
    const show = (windower: Windower): void => {
      let gaps = 0;
      for (const source of sources.values()) gaps += source.gaps;
      const { collected } = windower;
      status.show(windows > 0 ? "green" : "blue", "dot", () =>
        text(gaps > 0 ? "status.gaps" : "status.windows", { windows, collected, size: config.readings, gaps }),
      );
    };

    status.show("grey", "ring", text("status.ready"));
    return {
      input(message, send) {
        if ("reset" in message && message.reset !== undefined) {
          sources.clear();
          status.show("grey", "ring", text("status.ready"));
          return;
        }
        const whole = windowOf(message);
        // A recording has no pauses.
        const { gap: _gap, ...gapless } = config;
        const windower = whole === undefined ? sourceOf(message.topic) : new Windower(gapless);
        const names = namesOf(message, whole);
        const found = whole === undefined ? push(windower, message) : cut(windower, whole, config.rateHz);
        for (const payload of found) {
          windows += 1;
          const channels = payload.length / config.readings;
          const rateHz = config.rateHz ?? whole?.rateHz;
          const window = {
            shape: [config.readings, channels],
            ...(rateHz !== undefined && { rateHz }),
            channels: names ?? Array.from({ length: channels }, (_, i) => `channel ${i + 1}`),
          };
          send({ ...message, payload, window } as Message);
        }
        show(windower);
      },
    };
  });
}

function push(windower: Windower, message: Message): Float32Array[] {
  const time: unknown = "time" in message ? message.time : undefined;
  // Where the source does not say when it measured, the reading is of now; this clock never goes back.
  return windower.push(readingOf(message.payload), typeof time === "number" ? time : performance.now());
}

/** Windows out of a whole recording. */
function cut(windower: Windower, { values, channels, rateHz }: WindowOfReadings, fallback = 1): Float32Array[] {
  const period = 1000 / (rateHz ?? fallback);
  return Array.from({ length: values.length / channels }, (_, i) =>
    windower.push(Array.from(values.subarray(i * channels, (i + 1) * channels)), i * period),
  ).flat();
}

function namesOf(message: Message, whole: WindowOfReadings | undefined): readonly string[] | undefined {
  if (whole?.names !== undefined) return whole.names;
  const names: unknown = "channels" in message ? message.channels : undefined;
  return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : undefined;
}
