import { openSamples } from "./samples";
import type { SplitRows } from "./split-rows";
import { inputWidth, sampleShape, type Table } from "./table";

/** Something about rows that makes what is learned or measured with them doubtful. */
export interface DataWarning {
  /**
   * constantSamples: windows or pictures in which no channel changes. constantChannels: a channel that is the same in all rows.
   * leakingGroups: groups with rows on several sides of the split. imbalance: a label is far rarer than another. noSamples: labels without
   * a row. shortRecordings: recordings without a whole window. seenInTraining: rows that trained the model. otherData: the split may not be that of the training.
   */
  type:
    | "constantSamples"
    | "constantChannels"
    | "leakingGroups"
    | "imbalance"
    | "noSamples"
    | "shortRecordings"
    | "seenInTraining"
    | "otherData";
  /** A sentence for people. */
  message: string;
  /** constantSamples: the first of the rows, as indices into the table. */
  rows?: number[];
  /** leakingGroups: the first of the groups. */
  groups?: string[];
  /** constantChannels: their names. */
  channels?: string[];
  /** imbalance: the rarest label. noSamples: the labels. */
  labels?: string[];
}

/** A label that is this many times rarer than another makes accuracy say little. */
const imbalanceFactor = 4;

/** How many rows, groups or names a warning lists. */
const mostListed = 20;

/**
 * What is doubtful about some rows of a table.
 * @param rows indices of the rows that are looked at; a constant channel or sample, a rare or missing label elsewhere is no matter
 * @param split the sides that groups must not be on several of
 * @throws what reading a file throws
 */
export function findWarnings(table: Table, rows: ArrayLike<number>, split?: SplitRows): DataWarning[] {
  return [
    ...findShort(table),
    ...findConstants(table, rows),
    ...(split === undefined ? [] : findLeaks(table, split)),
    ...(table.task === "classification" ? findUnevenLabels(table, rows) : []),
  ];
}

function findShort({ leftOut = 0 }: Table): DataWarning[] {
  if (leftOut === 0) return [];
  return [
    {
      type: "shortRecordings",
      message: `${leftOut === 1 ? "1 recording is" : `${leftOut} recordings are`} left out, being shorter than a window. Record longer ones, or make the window shorter.`,
    },
  ];
}

function findConstants(table: Table, rows: ArrayLike<number>): DataWarning[] {
  const width = inputWidth(table);
  const channels = table.channels.length;
  const isReading = sampleShape(table).length === 1;
  const sample = new Float32Array(width);
  const first = new Float32Array(width);
  const changing = new Set<number>();
  const constant: number[] = [];
  const reader = openSamples(table.inputs, width);
  try {
    for (let i = 0; i < rows.length; i++) {
      reader.copy(rows[i], sample, 0);
      if (!isReading) {
        if (sample.every((value, at) => value === sample[at % channels])) constant.push(rows[i]);
        continue;
      }
      if (i === 0) first.set(sample);
      if (changing.size === width) break;
      for (let at = 0; at < width; at++) if (sample[at] !== first[at]) changing.add(at);
    }
  } finally {
    reader.close();
  }
  const warnings: DataWarning[] = [];
  if (constant.length > 0) {
    const listed = constant.slice(0, mostListed);
    warnings.push({
      type: "constantSamples",
      message: `In ${constant.length} of ${rows.length} samples nothing changes (${listing("row", "rows", listed.map(String), constant.length)}): look whether the sensor was connected.`,
      rows: listed,
    });
  }
  const still = table.channels.map(({ name }) => name).filter((_, channel) => !changing.has(channel));
  if (isReading && rows.length > 1 && still.length > 0) {
    const listed = still.slice(0, mostListed);
    warnings.push({
      type: "constantChannels",
      message: `The same number stands in all ${rows.length} rows of ${listing("the channel", "the channels", listed.map(quote), still.length)}: nothing can be learned from it.`,
      channels: listed,
    });
  }
  return warnings;
}

function findLeaks({ groups }: Table, split: SplitRows): DataWarning[] {
  if (groups === undefined) return [];
  const sides = Object.values(split).map((rows) => new Set(Array.from(rows, (row) => groups[row]).filter(Boolean)));
  const leaking = [...new Set(groups)].filter((group) => sides.filter((side) => side.has(group)).length > 1);
  if (leaking.length === 0) return [];
  const listed = leaking.slice(0, mostListed);
  return [
    {
      type: "leakingGroups",
      message: `Rows of ${listing("the group", "the groups", listed.map(quote), leaking.length)} are on several sides of the split, so the model was tested with what it knows. Decide the side of a group as a whole.`,
      groups: listed,
    },
  ];
}

function findUnevenLabels({ labels = [], outputs }: Table, rows: ArrayLike<number>): DataWarning[] {
  const counts = labels.map((label) => ({ label, count: 0 }));
  for (let i = 0; i < rows.length; i++) counts[outputs[rows[i]]].count++;
  const sorted = counts.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count);
  const missing = counts.filter(({ count }) => count === 0).map(({ label }) => label);
  const [rarest] = sorted;
  const most = sorted.at(-1);
  const warnings: DataWarning[] = [];
  if (rarest !== undefined && most !== undefined && most.count > imbalanceFactor * rarest.count) {
    warnings.push({
      type: "imbalance",
      message: `The label ${quote(most.label)} has ${most.count} rows, ${quote(rarest.label)} only ${rarest.count}: accuracy says little about rare labels. Look at the figures of each label, and record more of the rare ones.`,
      labels: [rarest.label],
    });
  }
  if (missing.length > 0) {
    const listed = missing.slice(0, mostListed);
    warnings.push({
      type: "noSamples",
      message: `There is no row with ${listing("the label", "the labels", listed.map(quote), missing.length)}: how well it is recognized is not known.`,
      labels: listed,
    });
  }
  return warnings;
}

/** "the label "a"", "the labels "a", "b" and 3 more". */
function listing(one: string, several: string, listed: readonly string[], count: number): string {
  const more = count > listed.length ? ` and ${count - listed.length} more` : "";
  return `${count === 1 ? one : several} ${listed.join(", ")}${more}`;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
