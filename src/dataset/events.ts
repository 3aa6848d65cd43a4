import * as v from "valibot";
import { TinymlError } from "../errors";
import type { Split } from "./table";

/** The file of events: what happened to each sample, one JSON object per line, only ever appended to. */
export const indexFile = "index.ndjson";

/** Counts up from 1; never given again within a dataset. */
const id = v.pipe(v.number(), v.integer(), v.minValue(1));
const ids = v.pipe(v.array(id), v.readonly());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Milliseconds since 1970. */
const time = v.number();
const split = v.picklist(["training", "validation", "test"]);
const targets = v.pipe(v.array(v.number()), v.readonly());

const addEvent = v.object({
  event: v.literal("add"),
  id,
  label: v.exactOptional(v.string()),
  /** Regression: the numbers to predict. A table has them in its rows. */
  targets: v.exactOptional(targets),
  split: v.exactOptional(split),
  group: v.exactOptional(v.string()),
  source: v.exactOptional(v.string()),
  /** The sample's file is samples/<id>.<type>; absent for rows of a table. */
  type: v.exactOptional(v.picklist(["csv", "wav", "jpg", "png"])),
  /** How many readings a recording or sound has; absent while it is being recorded, see "end". */
  readings: v.exactOptional(count),
  /**
   * The length of the sample's file. Of a table with targets: the length of the row in rows.csv, which tells a whole last line from one that
   * was cut short in a number.
   */
  bytes: v.exactOptional(v.number()),
  /** The id of the last of the samples that were added together: they count once its event is there. Not in tables, whose rows people edit. */
  last: v.exactOptional(id),
  time,
});

/** A recording that was added while it was still being recorded has ended. */
const endEvent = v.object({ event: v.literal("end"), id, readings: count, bytes: count, time });

/** Samples got another label, or other numbers to predict. */
const relabelEvent = v.object({
  event: v.literal("relabel"),
  ids,
  label: v.exactOptional(v.string()),
  targets: v.exactOptional(targets),
  time,
});

/** Samples were put on a side of the split, or, without one, left to chance. */
const splitEvent = v.object({ event: v.literal("split"), ids, split: v.exactOptional(split), time });

/** Samples were deleted, and may be restored: what they hold stays on disk. */
const deleteEvent = v.object({ event: v.literal("delete"), ids, time });
const restoreEvent = v.object({ event: v.literal("restore"), ids, time });

/** All samples before were thrown away. Stands at the beginning, of new datasets with files as well, unless a crash kept the index from beginning anew. */
const clearEvent = v.object({
  event: v.literal("clear"),
  /** The id that the next sample gets. */
  id,
  time,
});

const datasetEvent = v.variant("event", [
  addEvent,
  endEvent,
  relabelEvent,
  splitEvent,
  deleteEvent,
  restoreEvent,
  clearEvent,
]);
const known: readonly string[] = ["add", "end", "relabel", "split", "delete", "restore", "clear"];

/** A sample was added; in a table, the n-th of them belongs to the n-th row of rows.csv. */
export type AddEvent = v.InferOutput<typeof addEvent>;

export type DatasetEvent = v.InferOutput<typeof datasetEvent>;

/** The endings of the files that samples are kept in. */
export type SampleFileType = NonNullable<AddEvent["type"]>;

/** What is known of a sample beside what it holds. */
export interface SampleProperties {
  /** Classification: what it shows. */
  label?: string | undefined;
  /** Regression: the numbers to predict. */
  targets?: readonly number[] | undefined;
  /** The side of the split it is meant for; by chance where absent. */
  split?: Split | undefined;
  /** The recording, speaker or device it comes from: a split keeps a group on one side. */
  group?: string | undefined;
  /** Where it was measured ("adc/0"). */
  source?: string | undefined;
  /** When, in milliseconds since 1970; now where absent. */
  time?: number | undefined;
}

/**
 * The `add` event of a sample; the time is now where the sample has none. Makes text of what comes in another type from a message, for
 * an index line of the wrong type could not be read again.
 */
export function createAddEvent(
  id: number,
  sample: SampleProperties,
  { type, readings, bytes }: { type?: SampleFileType; readings?: number | undefined; bytes?: number | undefined } = {},
): AddEvent {
  const { label, targets, split, group, source, time } = sample;
  return {
    event: "add",
    id,
    ...(label !== undefined && { label: String(label) }),
    ...(type !== undefined && { type, ...(targets !== undefined && { targets: [...targets] }) }),
    ...(readings !== undefined && { readings }),
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
  return named.success && !known.includes(named.output.event) ? "unknown" : undefined;
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
      `Line ${broken} of ${path} can't be understood. Restore the file. Of a table (with a file rows.csv) you may also delete it: the rows are kept then, and only their groups, sources and times are lost.`,
    );
  };
}
