import type { NodeAPI } from "node-red";
import {
  createAverage,
  createCalibration,
  createDeadband,
  createPolling,
  type Message,
  openAnalogInput,
  registerNode,
  registerRoutes,
  type Send,
  scaleReading,
  showFailure,
  storedSettings,
  toTinymlError,
} from "../lib";
import { parseConfig } from "./config";

/** Messages that may wait for a reading: those that wait longer would get one of another time. */
const mostWaiting = 16;

/** Milliseconds for which the status says that readings were dropped: one that was dropped while Node-RED started is no news for ever. */
const dropsShown = 5000;

/** The node tinyml-analog-in: a voltage becomes a number. */
export function register(RED: NodeAPI): void {
  registerRoutes(RED);
  registerNode(
    RED,
    "tinyml-analog-in",
    parseConfig,
    (context, config) => {
      const { node, status, text, fail } = context;
      if (config.input.driver === "iio") context.hardware = config.input.device;
      const input = openAnalogInput(config.input);
      let average = createAverage(config.average);
      const passes = createDeadband(config.deadband);
      const calibrated = config.output === "calibrated" ? createCalibration(config.calibration) : undefined;
      const unit = config.output === "calibrated" && config.unit !== "" ? { unit: config.unit } : {};
      const topic = `adc/${config.channel}`;
      let closed = false;
      let drops = { count: 0, shownUntil: 0 };

      const read = async () => {
        try {
          return average(scaleReading(await input.read(), config.output, calibrated));
        } catch (error) {
          // What was read before a failure is too old for the average of what comes after it.
          average = createAverage(config.average);
          throw error;
        }
      };
      const send = (value: number, time: number, dropped: number, message: Message | undefined, to: Send) => {
        const now = performance.now();
        if (dropped > drops.count) drops = { count: dropped, shownUntil: now + dropsShown };
        status.show("green", "dot", () => {
          const said = text(`status.${config.output}`, { value: Number(value.toPrecision(4)), unit: config.unit });
          return now >= drops.shownUntil ? said : text("status.dropped", { said, dropped });
        });
        if (passes(value)) to({ ...message, payload: value, topic, time, ...unit });
      };

      if (config.trigger === "input") {
        let refused = 0;
        return {
          inOrder: true,
          mostWaiting,
          async input(message, to) {
            let value: number | undefined;
            while (value === undefined) value = await read();
            send(value, Date.now(), refused, message, to);
          },
          showError({ code }) {
            if (code !== "TINYML_BUSY") return false;
            // The next reading's status counts it.
            refused += 1;
            return true;
          },
          close: () => input.close(),
        };
      }

      // A sensor that is gone is told once, not with every reading; the status says it as long as it lasts.
      let problem: string | undefined;
      const polling = createPolling(1000 / config.interval, async (time) => {
        try {
          const value = await read();
          problem = undefined;
          if (value !== undefined && !closed) {
            send(value, time, polling.dropped, undefined, (message) => node.send(message));
          }
        } catch (thrown) {
          const error = toTinymlError(thrown);
          if (closed) return;
          if (error.code === problem) showFailure(context, error);
          else fail(error);
          problem = error.code;
        }
      });
      return {
        close() {
          closed = true;
          polling.close();
          input.close();
        },
      };
    },
    { hasInput: (stored) => storedSettings(stored).trigger === "input" },
  );
}
