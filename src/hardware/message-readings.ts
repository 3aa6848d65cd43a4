import { TinymlError } from "../errors";
import { readingsOfText } from "./reading-lines";

/** The readings that a message brought. */
export interface MessageReadings {
  readings: readonly (readonly number[])[];
  /** The names of the channels, where the message tells them. */
  channels?: readonly string[];
}

/**
 * The readings in what another program sent: a number, a list of numbers, a list of such lists, lines of text as boards print them, an object with a number per
 * channel (or a list of such objects), or JSON text of any of these. Buffers are text.
 *
 * @param channels the channels to take from an object, in this order; without, all of its numbers, in its own order, and of a list of objects those of the first
 * @throws TinymlError TINYML_NOT_A_NUMBER for what holds no reading, or not only readings; TINYML_CHANNEL_COUNT for an object that lacks a channel
 */
export function readingsOfPayload(payload: unknown, channels: readonly string[] = []): MessageReadings {
  if (typeof payload === "number") return { readings: [[finite(payload)]] };
  if (Buffer.isBuffer(payload)) return readingsOfPayload(payload.toString("utf8"), channels);
  if (typeof payload === "string") return readText(payload, channels);
  if (payload instanceof Float32Array || payload instanceof Float64Array)
    return { readings: [Array.from(payload, finite)] };
  if (Array.isArray(payload)) return readList(payload, channels);
  if (typeof payload === "object" && payload !== null && !ArrayBuffer.isView(payload))
    return readObject(payload, channels);
  throw notReadings(payload);
}

/**
 * A function that takes one message after another, as `readingsOfPayload` does. Objects with the names of the message before, in another order, are
 * read in the order of that one: what was recorded first in a column stays there.
 */
export function createMessageReader(channels: readonly string[] = []): (payload: unknown) => MessageReadings {
  let last: readonly string[] = channels;
  return (payload) => {
    const read = readingsOfPayload(payload, channels);
    const names = read.channels ?? last;
    if (names.length === last.length && names.every((name) => last.includes(name))) {
      return names.every((name, i) => name === last[i]) ? read : readingsOfPayload(payload, last);
    }
    last = names;
    return read;
  };
}

function readText(text: string, channels: readonly string[]): MessageReadings {
  if (/^\s*[[{]/.test(text)) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (error) {
      throw new TinymlError("TINYML_NOT_A_NUMBER", `msg.payload begins like JSON but is none: ${show(text)}.`, {
        cause: error,
      });
    }
    return readingsOfPayload(parsed, channels);
  }
  const { readings, channels: names, others } = readingsOfText(text);
  if (readings.length === 0 || others > 0) throw notReadings(text);
  return { readings, ...(names && { channels: names }) };
}

function readList(list: readonly unknown[], channels: readonly string[]): MessageReadings {
  if (list.length > 0 && list.every((each) => typeof each === "object" && each !== null)) {
    const [first, ...others] = list;
    const begin = readingsOfPayload(first, channels);
    // The channels of all are those of the first: others may have the same names in another order.
    const names = channels.length > 0 ? channels : begin.channels;
    const parts = [begin, ...others.map((each) => readingsOfPayload(each, names))];
    return { readings: parts.flatMap((part) => part.readings), ...(names && { channels: names }) };
  }
  if (list.length === 0) throw notReadings(list);
  return { readings: [list.map(finite)] };
}

function readObject(object: object, channels: readonly string[]): MessageReadings {
  const entries = new Map<string, unknown>(Object.entries(object));
  const names =
    channels.length > 0 ? channels : [...entries].filter(([, value]) => isNumber(value)).map(([name]) => name);
  if (names.length === 0) throw notReadings(object);
  const missing = names.find((name) => !isNumber(entries.get(name)));
  if (missing !== undefined) {
    throw new TinymlError(
      "TINYML_CHANNEL_COUNT",
      `msg.payload has no number "${missing}"; it has ${[...entries.keys()].slice(0, 20).join(", ") || "nothing"}.`,
    );
  }
  return { readings: [names.map((name) => finite(entries.get(name)))], channels: names };
}

function isNumber(value: unknown): boolean {
  return (
    (typeof value === "number" && Number.isFinite(value)) ||
    (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
  );
}

function finite(value: unknown): number {
  if (!isNumber(value)) throw notReadings(value);
  return Number(value);
}

function notReadings(payload: unknown): TinymlError {
  return new TinymlError(
    "TINYML_NOT_A_NUMBER",
    `A reading is a number, a list of numbers, an object with a number per channel, or text lines of numbers, but msg.payload has ${show(payload)}.`,
  );
}

function show(payload: unknown): string {
  if (typeof payload === "string") return JSON.stringify(payload.slice(0, 40));
  if (typeof payload === "object" && payload !== null)
    return Array.isArray(payload) ? "a list without numbers" : "an object without numbers";
  return String(payload);
}
