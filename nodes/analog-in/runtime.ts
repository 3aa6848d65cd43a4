import type { NodeAPI } from "node-red";
import {
  createAverage,
  createCalibration,
  createDeadband,
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
      const average = createAverage(config.average);
      const passes = createDeadband(config.deadband);
      const calibrated = config.output === "calibrated" ? createCalibration(config.calibration) : undefined;
      const unit = config.output === "calibrated" && config.unit !== "" ? { unit: config.unit } : {};
      const topic = `adc/${config.channel}`;
      let closed = false;

      const read = async () => average(scaleReading(await input.read(), config.output, calibrated));
      const send = (value: number, message: Message | undefined, to: Send) => {
        status.show("green", "dot", () =>
          text(`status.${config.output}`, { value: Number(value.toPrecision(4)), unit: config.unit }),
        );
        if (passes(value)) to({ ...message, payload: value, topic, ...unit });
      };

      if (config.trigger === "input") {
        return {
          inOrder: true,
          async input(message, to) {
            let value: number | undefined;
            while (value === undefined) value = await read();
            send(value, message, to);
          },
          close: () => input.close(),
        };
      }

      // A sensor that is gone is told once, not with every reading; the status says it as long as it lasts.
      let problem: string | undefined;
      let reading = false;
      const poll = async () => {
        if (reading) return;
        reading = true;
        try {
          const value = await read();
          problem = undefined;
          if (value !== undefined && !closed) send(value, undefined, (message) => node.send(message));
        } catch (thrown) {
          const error = toTinymlError(thrown);
          if (closed) return;
          if (error.code === problem) showFailure(context, error);
          else fail(error);
          problem = error.code;
        } finally {
          reading = false;
        }
      };
      const timer = setInterval(poll, config.interval);
      return {
        close() {
          closed = true;
          clearInterval(timer);
          input.close();
        },
      };
    },
    { hasInput: (stored) => storedSettings(stored).trigger === "input" },
  );
}
