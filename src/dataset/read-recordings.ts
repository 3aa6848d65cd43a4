import { basename, extname } from "node:path";
import { TinymlError } from "../errors";
import { labelsOfFiles } from "./labels";
import { mostInMemory, tooLarge } from "./numbers";
import type { Recordings } from "./recordings";
import { readRecordings } from "./recordings";
import type { Split, Table } from "./table";

/** A file of one class. */
export interface ClassFile {
  path: string;
  label: string;
  /** The side that its folder says. */
  split?: Split;
  /** Who or what the sample comes from, where the file's name says so. */
  group?: string;
}

/**
 * The table of CSV files, each with recordings of its class: a sample is a recording, [readings, channels]. All recordings have the same
 * length and the same columns. Each is a group of its own, so that what may be cut out of it later stays together.
 *
 * @param rowsCount whether each reading is a sample, where no file has a blank line, which would part recordings
 * @throws TinymlError TINYML_SAMPLES_DIFFER with file and line, and what `readRecordings` throws
 */
export async function readRecordingFiles(files: readonly ClassFile[], name: string, rowsCount = false): Promise<Table> {
  const found: { file: ClassFile; read: Recordings }[] = [];
  let bytes = 0;
  for (const file of files) {
    const read = await readRecordings(file.path);
    bytes += read.values.byteLength;
    if (bytes > mostInMemory) throw tooLarge(file.path, "Leave some files out.");
    found.push({ file, read });
  }
  const [{ read: first }] = found;
  const columns = first.channels.map((channel) => channel.name).join(", ");
  for (const { read } of found) {
    const others = read.channels.map((channel) => channel.name).join(", ");
    if (others === columns) continue;
    throw new TinymlError(
      "TINYML_SAMPLES_DIFFER",
      `${first.file} has the columns ${columns}, but ${read.file} has ${others}. Give all files the same columns.`,
    );
  }
  const single = rowsCount && found.every(({ read }) => read.recordings.length === 1);
  const [{ readings }] = first.recordings;
  const labels = labelsOfFiles(files);
  const classes: number[] = [];
  const groups: string[] = [];
  const splits: (Split | undefined)[] = [];
  for (const { file, read } of found) {
    for (const recording of read.recordings) {
      if (!single && recording.readings !== readings) {
        throw new TinymlError(
          "TINYML_SAMPLES_DIFFER",
          `The recording that begins on line ${recording.line} of ${read.file} has ${recording.readings} readings, the first one of ${first.file} has ${readings}. Bring all recordings to one length.`,
        );
      }
      for (let sample = 0; sample < (single ? recording.readings : 1); sample++) {
        classes.push(labels.indexOf(file.label));
        splits.push(file.split);
        groups.push(file.group ?? `${basename(read.file)}:${recording.line}`);
      }
    }
  }
  const inputs = new Float32Array(bytes / 4);
  let at = 0;
  for (const { read } of found) {
    inputs.set(read.values, at);
    at += read.values.length;
  }
  return {
    name,
    task: "classification",
    channels: first.channels,
    ...(!single && { shape: [readings, first.channels.length] }),
    labels,
    inputs,
    outputs: Float32Array.from(classes),
    ...(!single && { groups }),
    ...(splits.some((split) => split !== undefined) && { splits }),
    rows: classes.length,
  };
}

/** The class that a file's name says. */
export function classOfFile(path: string): string {
  return basename(path, extname(path));
}
