import { describe, isList } from "../src/describe";
import { TinymlError } from "../src/errors";

/** Readings one after another, as a message brings them. */
export interface WindowOfReadings {
  /** Row-major, readings × channels. */
  readonly values: Float32Array;
  readonly channels: number;
  readonly rateHz?: number;
  /** What the channels are called. */
  readonly names?: readonly string[];
}

/** What channels are called that nobody named: "channel 1", … */
export function defaultNames(channels: number): string[] {
  return Array.from({ length: channels }, (_, i) => `channel ${i + 1}`);
}

/**
 * The window that a message brings: a list of readings, which are lists themselves, or a list with `msg.window`; undefined for a single reading.
 * @throws TinymlError TINYML_NOT_A_NUMBER, TINYML_CHANNEL_COUNT when the numbers are no whole readings
 */
export function windowOf({ payload, window }: { payload?: unknown; window?: unknown }): WindowOfReadings | undefined {
  if (!isList(payload) || payload instanceof Uint8Array) return undefined;
  const described = describedWindow(window);
  if (isList(payload[0])) {
    const rows = Array.from(payload);
    const channels = payload[0].length;
    const other = rows.findIndex((row) => !isList(row) || row.length !== channels);
    if (other >= 0) {
      throw new TinymlError(
        "TINYML_CHANNEL_COUNT",
        `The first reading in msg.payload has ${channels} numbers, reading ${other + 1} is ${describe(rows[other])}. All must have as many.`,
      );
    }
    return { ...described, values: numbersOf(rows.flatMap((row) => (isList(row) ? Array.from(row) : []))), channels };
  }
  const { shape } = described;
  if (shape === undefined || shape.length < 2) return undefined;
  const [readings, channels] = shape;
  if (shape.length !== 2 || readings * channels !== payload.length || payload.length === 0) {
    throw new TinymlError(
      "TINYML_CHANNEL_COUNT",
      `msg.window says that there are ${shape.join(" × ")} numbers, but msg.payload is ${describe(payload)}.`,
    );
  }
  return { ...described, values: numbersOf(payload), channels };
}

function describedWindow(window: unknown): { shape?: number[]; rateHz?: number; names?: string[] } {
  if (typeof window !== "object" || window === null) return {};
  const { shape, rateHz, channels }: { shape?: unknown; rateHz?: unknown; channels?: unknown } = window;
  const names = Array.isArray(channels) ? channels.filter((name) => typeof name === "string") : [];
  return {
    ...(isList(shape) && { shape: Array.from(shape, Number) }),
    ...(typeof rateHz === "number" && rateHz > 0 && { rateHz }),
    ...(names.length > 0 && { names }),
  };
}

function numbersOf(list: ArrayLike<unknown>): Float32Array {
  if (list instanceof Float32Array && list.every(Number.isFinite)) return list;
  return Float32Array.from(Array.from(list), (value, i) => {
    if (typeof value === "number" && Number.isFinite(Math.fround(value))) return value;
    throw new TinymlError("TINYML_NOT_A_NUMBER", `Number ${i + 1} in msg.payload is ${describe(value)}; send numbers.`);
  });
}
