import { TinymlError } from "../../errors";
import type { Channel } from "../../model/metadata";
import type { NewSample } from "../dataset";
import { asObject, type Understood } from "./imported";
import { assertDocument, importError, type NamedBytes, type SampleBudget, sampleBytes } from "./named-bytes";

/**
 * Whether a file is a sample in Edge Impulse's data acquisition format, by how it begins: a JSON object, or a CBOR map with the text
 * "protected" or another key of the format in it.
 */
export function isAcquisition({ bytes }: NamedBytes): boolean {
  const start = Buffer.from(bytes.subarray(0, 256)).toString("latin1");
  if (/^(ï»¿)?\s*\{/.test(start))
    return /"(protected|payload|signature)"\s*:/.test(start) || start.includes('"values"');
  return isCborMap(bytes) && /protected|payload|signature/.test(start);
}

function isCborMap(bytes: Uint8Array): boolean {
  const first = bytes[0] === 0xd9 && bytes[1] === 0xd9 && bytes[2] === 0xf7 ? bytes[3] : bytes[0];
  return first >> 5 === 5;
}

/** Part of a sample that has a label of its own; readings from `start` on, `end` is the one behind the last. */
export interface LabelledPart {
  label: string;
  start: number;
  end: number;
}

/** What a sample in the data acquisition format holds. */
export interface Acquisition extends Omit<Understood, "samples"> {
  /** Row-major, readings × channels; sounds in −1..1. */
  values: Float32Array;
  readings: number;
  source?: string;
  time?: number;
  /** Labels of its parts, where it names such. */
  parts?: readonly LabelledPart[];
}

/**
 * A sample in Edge Impulse's data acquisition format, JSON or CBOR. The signature is not verified: nobody but who signed has the key.
 * A sensor "audio" with the units "wav" is a sound of 16-bit integers.
 * @throws TinymlError TINYML_IMPORT_INVALID, for more than 16 MB as well, TINYML_NOT_A_NUMBER, naming the file
 */
export async function readAcquisition({ name, bytes }: NamedBytes, budget: SampleBudget): Promise<Acquisition> {
  assertDocument({ name, bytes });
  const file = asObject(await parse(name, bytes), name, "the file's content");
  const payload = asObject(file.payload, name, '"payload"');
  const { sensors, values, interval_ms: interval, device_name: device, device_type: type } = payload;
  const channels = readSensors(name, sensors);
  if (!Array.isArray(values) || values.length === 0) throw importError(name, '"values" holds no readings');
  if (interval !== undefined && (typeof interval !== "number" || !(interval >= 0) || !Number.isFinite(interval))) {
    throw importError(name, '"interval_ms" is no number of milliseconds');
  }
  const isSound = channels.length === 1 && channels[0].unit === "wav";
  budget.claim(name, sampleBytes + values.length * channels.length * 4);
  const numbers = readValues(name, values, channels);
  if (isSound) for (let i = 0; i < numbers.length; i++) numbers[i] /= 2 ** 15;
  if (isSound && !interval) throw importError(name, "its sound has no interval_ms");
  // Without an interval a single reading is a row of a table: features that somebody computed.
  const kind = isSound ? "audio" : !interval && values.length === 1 ? "table" : "timeseries";
  const protection = file.protected === undefined ? {} : asObject(file.protected, name, '"protected"');
  const time = typeof protection.iat === "number" && protection.iat > 0 ? protection.iat * 1000 : undefined;
  const source = [device, type].find((each) => typeof each === "string" && each !== "");
  const parts = payload.structured_labels;
  return {
    name,
    kind,
    task: "classification",
    channels: isSound ? [{ name: "sound", unit: "" }] : channels,
    ...(interval && { rateHz: rateOf(interval, isSound) }),
    values: numbers,
    readings: values.length,
    ...(typeof source === "string" && { source }),
    ...(time !== undefined && Number.isFinite(time) && { time }),
    ...(parts !== undefined && { parts: readParts(name, parts, values.length) }),
  };
}

async function parse(name: string, bytes: Uint8Array): Promise<unknown> {
  // An ES module, which only import() can load everywhere.
  const { decode } = await import("cborg");
  try {
    if (!isCborMap(bytes))
      return JSON.parse(
        Buffer.from(bytes)
          .toString("utf8")
          .replace(/^\uFEFF/, ""),
      );
    return decode(bytes, { tags: { 55799: (content) => content() } });
  } catch (error) {
    const format = isCborMap(bytes) ? "CBOR" : "JSON";
    throw importError(name, `it is no whole ${format} file (${error instanceof Error ? error.message : error})`, error);
  }
}

/** Rates of sounds are whole numbers; 0.0625 ms and 0.0226757 ms mean 16000 and 44100. */
function rateOf(interval: number, isSound: boolean): number {
  const rate = 1000 / interval;
  return isSound ? Math.round(rate) : Number(rate.toPrecision(9));
}

function readSensors(name: string, sensors: unknown): Channel[] {
  if (!Array.isArray(sensors) || sensors.length === 0) throw importError(name, '"sensors" names no sensor');
  return sensors.map((sensor: unknown) => {
    const { name: called, units } = asObject(sensor, name, 'an entry of "sensors"');
    if (typeof called !== "string" || called === "") throw importError(name, 'an entry of "sensors" has no name');
    return { name: called, unit: typeof units === "string" && units !== "N/A" ? units : "" };
  });
}

function readValues(name: string, rows: readonly unknown[], channels: readonly Channel[]): Float32Array {
  const numbers = new Float32Array(rows.length * channels.length);
  rows.forEach((row, reading) => {
    const cells: readonly unknown[] = Array.isArray(row) ? row : [row];
    if (typeof cells[0] === "string" && cells[0].startsWith("Ref-BINARY-")) {
      throw importError(name, "its values lie in an attachment, which is not in the file");
    }
    if (cells.length !== channels.length) {
      throw importError(
        name,
        `reading ${reading + 1} has ${cells.length} numbers, but there are ${channels.length} sensors`,
      );
    }
    cells.forEach((cell, i) => {
      const number = Math.fround(typeof cell === "number" || typeof cell === "bigint" ? Number(cell) : Number.NaN);
      if (!Number.isFinite(number)) {
        throw new TinymlError(
          "TINYML_NOT_A_NUMBER",
          `Reading ${reading + 1} of ${name} has no number for "${channels[i].name}". Leave that reading out.`,
        );
      }
      numbers[reading * channels.length + i] = number;
    });
  });
  return numbers;
}

/** Labels of parts as Edge Impulse writes them: the first and the last reading of each. @throws TinymlError TINYML_IMPORT_INVALID */
export function readParts(name: string, parts: unknown, readings: number): LabelledPart[] {
  if (!Array.isArray(parts)) throw importError(name, "its list of labels is none");
  return parts.map((part: unknown) => {
    const { label, startIndex: start, endIndex: last } = asObject(part, name, "an entry of its list of labels");
    if (typeof label !== "string" || !isIndex(start) || !isIndex(last) || start > last || last >= readings) {
      throw importError(name, `its list of labels names readings that it does not have (it has ${readings})`);
    }
    return { label, start, end: last + 1 };
  });
}

function isIndex(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0;
}

/** The samples of an acquisition: one, or one for each labelled part, which belong to one group then. */
export function samplesOf(
  { values, channels, readings, source, time, parts: own, name }: Acquisition,
  properties: Pick<NewSample, "label" | "split">,
  parts: readonly LabelledPart[] | undefined = own,
): NewSample[] {
  const known = { ...properties, ...(source !== undefined && { source }), ...(time !== undefined && { time }) };
  if (parts === undefined || parts.length === 0) return [{ ...known, values }];
  const whole = parts.length === 1 && parts[0].start === 0 && parts[0].end === readings;
  return parts.map(({ label, start, end }) => ({
    ...known,
    label,
    ...(!whole && { group: name }),
    values: values.slice(start * channels.length, end * channels.length),
  }));
}
