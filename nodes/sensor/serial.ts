import { basename } from "node:path";
import {
  commandOf,
  createBacklog,
  type NodeContext,
  type NodeParts,
  openSerialSensor,
  type SerialSettings,
  shortText,
  unreadLines,
} from "../lib";
import { rateText } from "./rate-text";

/** Readings that may wait for a flow that is slower than the sensor, and how many are sent before others get a turn. */
const backlogLimits = { limit: 10_000, perTurn: 100 };

/** Readings that a board prints on a serial port. */
export function startSerial({ RED, node, status, text, fail }: NodeContext, settings: SerialSettings): NodeParts {
  const port = basename(settings.path);
  const topic = `serial/${port}`;
  const backlog = createBacklog<{ values: number[]; time: number }>(({ values, time }) => {
    const { channels } = sensor;
    node.send({ payload: values, topic, time, ...(channels && { channels }) });
  }, backlogLimits);

  /** Lines that could not be read before the first reading: a greeting, and not readings that are lost. */
  let greeting: number | undefined;

  const show = () => {
    const { state, problem, rateHz, counts } = sensor;
    if (state === "released") status.show("grey", "dot", text("status.released", { port }));
    else if (problem?.code === "TINYML_HARDWARE_MISSING") status.show("grey", "ring", text("status.missing", { port }));
    else if (problem !== undefined) {
      const key = state === "connected" ? "status.noNumbers" : "status.waiting";
      status.show("red", "ring", text(key, { port, problem: shortText(RED, problem) }));
    } else if (state === "connecting") status.show("grey", "ring", text("status.connecting", { port }));
    else if (counts.readings === 0) status.show("yellow", "ring", text("status.nothingYet", { port }));
    else {
      const dropped = backlog.dropped + unreadLines(counts) - (greeting ?? 0);
      status.show("green", "dot", () => rateText(text, { name: port, rateHz, dropped }));
    }
  };

  const sensor = openSerialSensor(settings, {
    onReading(values, time) {
      greeting ??= unreadLines(sensor.counts);
      backlog.push({ values, time });
    },
    onChange: show,
    onProblem: fail,
  });
  show();
  return {
    inOrder: true,
    async input(message) {
      if (commandOf(message.sensor, "sensor", ["release", "connect"]) === "release") await sensor.release();
      else sensor.connect();
    },
    async close() {
      backlog.close();
      await sensor.close();
    },
  };
}
