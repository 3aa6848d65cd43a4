import { setImmediate } from "node:timers/promises";
import type { NodeAPI } from "node-red";
import {
  defaultNames,
  type Message,
  readingOf,
  registerNode,
  type Send,
  Windower,
  type WindowOfReadings,
  windowOf,
} from "../lib";
import { parseConfig } from "./config";

/** The sources whose readings are collected side by side at most; of more, the one that was silent longest is forgotten. */
const mostSources = 16;

/** The node tinyml-window: readings become windows. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-window", parseConfig, ({ status, text }, config) => {
    const sources = new Map<string, Windower>();
    let windows = 0;
    /** Ends with the last of the recordings, which are cut in the order in which they came. */
    let recordings: Promise<unknown> = Promise.resolve();
    let closed = false;

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

    const sendAll = (found: readonly Float32Array[], message: Message, send: Send, whole?: WindowOfReadings): void => {
      for (const payload of found) {
        windows += 1;
        const channels = payload.length / config.readings;
        const rateHz = config.rateHz ?? whole?.rateHz;
        const names = namesOf(message, whole) ?? defaultNames(channels);
        const window = { shape: [config.readings, channels], ...(rateHz !== undefined && { rateHz }), channels: names };
        send({ ...message, payload, window } as Message);
      }
    };

    /** Sends the windows of a whole recording, each when the nodes behind had their turn: all at once could be many times its size. */
    const cut = async (whole: WindowOfReadings, message: Message, send: Send): Promise<void> => {
      const { values, channels, rateHz = config.rateHz ?? 1 } = whole;
      // A recording has no pauses.
      const { gap: _gap, ...gapless } = config;
      const windower = new Windower(gapless);
      for (let i = 0; i < values.length / channels && !closed; i++) {
        const reading = Array.from(values.subarray(i * channels, (i + 1) * channels));
        const found = windower.push(reading, (i * 1000) / rateHz);
        sendAll(found, message, send, whole);
        if (found.length > 0) await setImmediate();
      }
      if (!closed) show(windower);
    };

    status.show("grey", "ring", text("status.ready"));
    return {
      async input(message, send) {
        if ("reset" in message && message.reset !== undefined) {
          sources.clear();
          status.show("grey", "ring", text("status.ready"));
          return;
        }
        const whole = windowOf(message);
        if (whole !== undefined) {
          const outcome = recordings.then(() => cut(whole, message, send));
          recordings = outcome.catch(() => undefined);
          await outcome;
          return;
        }
        const windower = sourceOf(message.topic);
        sendAll(push(windower, message), message, send);
        show(windower);
      },
      close() {
        closed = true;
      },
    };
  });
}

function push(windower: Windower, message: Message): Float32Array[] {
  const time: unknown = "time" in message ? message.time : undefined;
  // Where the source does not say when it measured, the reading is of now; this clock never goes back.
  return windower.push(readingOf(message.payload), typeof time === "number" ? time : performance.now());
}

function namesOf(message: Message, whole: WindowOfReadings | undefined): readonly string[] | undefined {
  if (whole?.names !== undefined) return whole.names;
  const names: unknown = "channels" in message ? message.channels : undefined;
  return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : undefined;
}
