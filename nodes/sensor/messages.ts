import { createMessageReader, createRateMeter, type NodeContext, type NodeParts } from "../lib";
import { rateText } from "./rate-text";

/** Readings that other nodes bring: numbers, lists, text lines, objects with a number per channel. */
export function startMessages({ status, text }: NodeContext, fields: readonly string[]): NodeParts {
  const meter = createRateMeter();
  const readingsOf = createMessageReader(fields);
  status.show("grey", "ring", text("status.waitingForMessages"));
  return {
    input(message, send) {
      const { readings, channels } = readingsOf(message.payload);
      const { first, step } = meter.arrived(readings.length, Date.now());
      const topic = typeof message.topic === "string" && message.topic !== "" ? message.topic : "messages";
      const name = text("status.messages");
      status.show("green", "dot", () => rateText(text, { name, rateHz: meter.rateHz, dropped: 0 }));
      readings.forEach((reading, i) => {
        // A message that says when it was measured knows better than its arrival.
        const time = typeof message.time === "number" && readings.length === 1 ? message.time : first + i * step;
        send({ ...message, payload: [...reading], topic, time, ...(channels && { channels }) });
      });
    },
  };
}
