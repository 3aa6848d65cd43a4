import type { NodeAPI } from "node-red";
import {
  createAverage,
  createCalibration,
  createDeadband,
  type Message,
  openAnalogInput,
  registerNode,
  type Send,
  scaleReading,
  shortText,
  storedSettings,
  toTinymlError,
} from "../lib";
import { parseConfig } from "./config";

/** The node tinyml-analog-in: a voltage becomes a number. */
export function register(RED: NodeAPI): void {
  registerNode(
    RED,
    "tinyml-analog-in",
    parseConfig,
    ({ node, status, text, fail }, config) => {
      const input = openAnalogInput(config.input);
      const average = createAverage(config.average);
      const passes = createDeadband(config.deadband);
      const topic = `adc/${config.channel}`;
      let closed = false;

      const correct =
        config.calibration === undefined ? (value: number) => value : createCalibration(config.calibration);
      const read = async () => average(correct(scaleReading(await input.read(), config.output)));
      const send = (value: number, message: Message | undefined, to: Send) => {
        status.show("green", "dot", () => text(`status.${config.output}`, { value: Number(value.toPrecision(4)) }));
        if (passes(value)) to({ ...message, payload: value, topic });
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
          if (error.code === problem) status.fail(shortText(RED, error));
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
