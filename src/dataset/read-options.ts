import type { Metadata, Task } from "../model/metadata";

/** What is known of the samples that are wanted, for files that leave it open. */
export interface ReadOptions {
  /** What the samples are for; where absent, what they hold decides. */
  task?: Task;
  /** Regression: how many columns at the end of a CSV file are targets; 1 where absent. */
  targets?: number;
  /**
   * A sample's shape: the length of the windows that are cut out of a dataset's recordings, and that sounds are brought to; and whether pictures
   * become grey or coloured.
   */
  shape?: readonly number[];
  /** Readings from the beginning of a window to that of the next in the same recording; the window's length where absent. */
  stride?: number;
  /** From so many bytes on, IDX files of plain bytes are not read but streamed; 256 MiB where absent. */
  streamedFrom?: number;
}

/** The samples that a model takes, as its file says it: before its features, cut out of recordings as when it was trained. */
export function readOptionsOf(metadata: Pick<Metadata, "window"> | undefined): Pick<ReadOptions, "shape" | "stride"> {
  if (metadata?.window === undefined) return {};
  const { shape, stride } = metadata.window;
  return { shape, ...(stride !== undefined && { stride }) };
}
