import * as v from "valibot";
import { TinymlError } from "../errors";
import type { Split } from "./table";

/** The file of events: what happened to each sample, one JSON object per line, only ever appended to. */
export const indexFile = "index.ndjson";

const addEvent = v.object({
  event: v.literal("add"),
  /** Counts up from 1; never given again within a dataset. */
  id: v.pipe(v.number(), v.integer(), v.minValue(1)),
  label: v.exactOptional(v.string()),
  split: v.exactOptional(v.picklist(["training", "validation", "test"])),
  group: v.exactOptional(v.string()),
  source: v.exactOptional(v.string()),
  /** Regression: the length of the row in rows.csv, which tells a whole last line from one that was cut short in a number. */
  bytes: v.exactOptional(v.number()),
  /** Milliseconds since 1970. */
  time: v.number(),
});

/** All samples were thrown away. Stands at the beginning only: clearing begins the index anew. */
const clearEvent = v.object({
  event: v.literal("clear"),
  /** The id that the next sample gets. */
  id: v.pipe(v.number(), v.integer(), v.minValue(1)),
  time: v.number(),
});

const datasetEvent = v.variant("event", [addEvent, clearEvent]);

/** A sample was added; in a table, the n-th of them belongs to the n-th row of rows.csv. */
export type AddEvent = v.InferOutput<typeof addEvent>;

export type DatasetEvent = v.InferOutput<typeof datasetEvent>;

/** What a sample brings to its `add` event. */
export interface SampleProperties {
  label?: string | undefined;
  split?: Split | undefined;
  group?: string | undefined;
  source?: string | undefined;
  bytes?: number | undefined;
  time?: number | undefined;
}

/**
 * The `add` event of a sample; the time is now where the sample has none. Makes text of what comes in another type from a message, for
 * an index line of the wrong type could not be read again.
 */
export function createAddEvent(id: number, sample: SampleProperties): AddEvent {
  const { label, split, group, source, bytes, time } = sample;
  return {
    event: "add",
    id,
    ...(label !== undefined && { label: String(label) }),
    ...((split === "training" || split === "validation" || split === "test") && { split }),
    ...(group !== undefined && group !== null && { group: String(group) }),
    ...(source !== undefined && source !== null && { source: String(source) }),
    ...(bytes !== undefined && { bytes }),
    time: time !== undefined && Number.isFinite(time) ? time : Date.now(),
  };
}

/** An event as a line of the index, "\n" included. */
export function formatEvent(event: DatasetEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** The event of a line, "unknown" for an event of a newer version, undefined for anything else. */
function parseEvent(line: string): DatasetEvent | "unknown" | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(datasetEvent, value);
  if (parsed.success) return parsed.output;
  const named = v.safeParse(v.object({ event: v.string() }), value);
  return named.success && !["add", "clear"].includes(named.output.event) ? "unknown" : undefined;
}

/**
 * A reader of the index's lines, to be called with each in turn. It returns the line's event, or undefined for a broken line, which is
 * the end if nothing readable follows: a power cut leaves such. Otherwise somebody did it, and the next good line throws
 * TINYML_DATASET_CORRUPT, as does an event of a newer version. `path` is for the messages.
 */
export function createEventReader(path: string): (line: string) => DatasetEvent | undefined {
  let number = 0;
  let broken = 0;
  return (line) => {
    number += 1;
    const event = parseEvent(line);
    if (event === undefined) {
      broken ||= number;
      return undefined;
    }
    if (event === "unknown") {
      throw new TinymlError(
        "TINYML_DATASET_CORRUPT",
        `Line ${number} of ${path} is of a newer version of TinyML Flows. Update the package to use this dataset.`,
      );
    }
    if (broken === 0) return event;
    throw new TinymlError(
      "TINYML_DATASET_CORRUPT",
      `Line ${broken} of ${path} can't be understood. Restore the file, or delete it: the rows are kept then, and only their groups, sources and times are lost.`,
    );
  };
}
