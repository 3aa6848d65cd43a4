import * as v from "valibot";

/** The file of an export that says what the dataset holds; as in the dataset's folder. */
export const exportedDescription = "dataset.json";

/** The file of an export that says of each sample what its own file can't: an object per line. */
export const exportedIndex = "samples.ndjson";

/** The rows of a table; their order is that of the index. */
export const exportedRows = "rows.csv";

/** A line of the index. */
const exportedSample = v.object({
  /** The sample's file, by its path in the archive; absent for the rows of a table. */
  file: v.exactOptional(v.string()),
  label: v.exactOptional(v.string()),
  targets: v.exactOptional(v.array(v.pipe(v.number(), v.finite()))),
  split: v.exactOptional(v.picklist(["training", "validation", "test"])),
  group: v.exactOptional(v.string()),
  source: v.exactOptional(v.string()),
  /** Milliseconds since 1970. */
  time: v.exactOptional(v.pipe(v.number(), v.finite())),
});

export type ExportedSample = v.InferOutput<typeof exportedSample>;

/** A line of the index from its JSON. Returns a sentence part about the first fault instead where there is one. */
export function parseExportedSample(value: unknown): ExportedSample | string {
  const parsed = v.safeParse(exportedSample, value);
  return parsed.success ? parsed.output : parsed.issues[0].message;
}

/** The first two columns of a CSV file of many recordings, a line per reading; the last ones are `longColumnsBehind`. */
export const longColumns = ["sample", "reading"] as const;

/** The columns behind those of the label or the targets. */
export const longColumnsBehind = ["split", "group", "source", "time"] as const;
