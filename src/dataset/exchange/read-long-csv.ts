import { TinymlError } from "../../errors";
import { createLineReader } from "../chunks";
import { CsvFault, findDelimiter, parseNumber, parseRecords } from "../csv";
import type { NewSample } from "../dataset";
import { labelColumn } from "../description";
import { Numbers } from "../numbers";
import { readColumns } from "../read-csv";
import { longColumns, longColumnsBehind } from "./exported-files";
import type { ImportOptions, Understood } from "./imported";
import { type NamedBytes, readPieces, type SampleBudget, sampleBytes } from "./named-bytes";

/** Whether a CSV file holds many recordings, a line per reading, as `exportDataset` writes it. */
export function isLongCsv({ bytes }: NamedBytes): boolean {
  const start = Buffer.from(bytes.subarray(0, 32)).toString("utf8");
  return new RegExp(`^\\uFEFF?${longColumns.join("[,;\\t]")}[,;\\t]`).test(start);
}

interface Columns {
  delimiter: string;
  names: readonly string[];
  /** Where the columns of the readings end, and those of the targets or the label. */
  channelsEnd: number;
  answersEnd: number;
  isLabelled: boolean;
}

/**
 * The recordings in a CSV file as `exportDataset` writes it, sample by sample.
 * @throws TinymlError TINYML_IMPORT_INVALID for more than the budget, TINYML_DATASET_CORRUPT, TINYML_NOT_A_NUMBER, both with the line, TINYML_DATASET_EMPTY
 */
export async function readLongCsv(file: NamedBytes, options: ImportOptions, budget: SampleBudget): Promise<Understood> {
  const { name } = file;
  const samples: NewSample[] = [];
  let columns: Columns | undefined;
  let line = 0;
  let id: string | undefined;
  let properties: Omit<NewSample, "values"> = {};
  let values = new Numbers(name);
  let reading = 0;
  /** How many numbers all samples have. */
  let numbers = 0;
  const fault = (code: "TINYML_DATASET_CORRUPT" | "TINYML_NOT_A_NUMBER", what: string): TinymlError =>
    new TinymlError(code, `Line ${line} of ${name}: ${what} Correct that line.`);
  const finishSample = (): void => {
    if (id !== undefined) samples.push({ ...properties, values: values.toArray() });
    values = new Numbers(name);
    reading = 0;
  };
  const cellsOf = (text: string, delimiter: string): string[] => {
    try {
      return text.includes('"') ? (parseRecords(text, delimiter, true)[0] ?? []) : text.split(delimiter);
    } catch (error) {
      if (error instanceof CsvFault) throw fault("TINYML_DATASET_CORRUPT", `${error.message}.`);
      throw error;
    }
  };
  const read = createLineReader((raw) => {
    line += 1;
    const text = raw.replace(/^\uFEFF/, "").replace(/\r$/, "");
    if (/^[\s,;]*$/.test(text)) return;
    if (columns === undefined) {
      columns = layOut(cellsOf(text, findDelimiter(text)), findDelimiter(text), options);
      if (columns === undefined) throw fault("TINYML_DATASET_CORRUPT", "it lacks columns of the format.");
      return;
    }
    const { delimiter, names, channelsEnd, answersEnd, isLabelled } = columns;
    const cells = cellsOf(text, delimiter);
    if (cells.length !== names.length) {
      throw fault("TINYML_DATASET_CORRUPT", `it has ${cells.length} columns, the first line has ${names.length}.`);
    }
    const number = (column: number): number => {
      const value = parseNumber(cells[column]);
      if (value !== undefined && Number.isFinite(Math.fround(value))) return value;
      const shown = JSON.stringify(cells[column].slice(0, 40));
      throw fault(
        "TINYML_NOT_A_NUMBER",
        `"${names[column]}" must be a number with a decimal point, but it is ${shown}.`,
      );
    };
    if (cells[0] !== id) {
      finishSample();
      id = cells[0];
      const answers = Array.from({ length: answersEnd - channelsEnd }, (_, i) => channelsEnd + i);
      properties = {
        ...(isLabelled ? cells[channelsEnd] !== "" && { label: cells[channelsEnd] } : { targets: answers.map(number) }),
        ...propertiesBehind(cells.slice(answersEnd)),
      };
    }
    if (number(1) !== reading) {
      throw fault("TINYML_DATASET_CORRUPT", `reading ${reading} of sample ${id} is missing.`);
    }
    reading += 1;
    for (let column = longColumns.length; column < channelsEnd; column++) values.push(number(column));
    numbers += channelsEnd - longColumns.length;
  });
  await readPieces(file, budget, (piece) => {
    read(piece);
    return samples.length * sampleBytes + numbers * 4;
  });
  read(Buffer.from("\n"));
  finishSample();
  if (columns === undefined || samples.length === 0) {
    throw new TinymlError("TINYML_DATASET_EMPTY", `There are no readings in ${name}.`);
  }
  const { names, channelsEnd, answersEnd, isLabelled } = columns;
  return {
    name,
    kind: "timeseries",
    task: isLabelled ? "classification" : "regression",
    channels: readColumns(names.slice(longColumns.length, channelsEnd), name),
    ...(!isLabelled && { targets: readColumns(names.slice(channelsEnd, answersEnd), name) }),
    ...(options.rateHz !== undefined && { rateHz: options.rateHz }),
    samples,
  };
}

function layOut(names: readonly string[], delimiter: string, options: ImportOptions): Columns | undefined {
  const answersEnd = names.length - longColumnsBehind.length;
  const behind = names.slice(answersEnd).join();
  const isLabelled = names[answersEnd - 1] === labelColumn && options.task !== "regression";
  const channelsEnd = answersEnd - (isLabelled ? 1 : (options.targets ?? 1));
  if (behind !== longColumnsBehind.join() || channelsEnd <= longColumns.length) return undefined;
  return { delimiter, names, channelsEnd, answersEnd, isLabelled };
}

function propertiesBehind([split, group, source, time]: readonly string[]): Omit<NewSample, "values"> {
  const milliseconds = parseNumber(time);
  return {
    ...((split === "training" || split === "validation" || split === "test") && { split }),
    ...(group !== "" && { group }),
    ...(source !== "" && { source }),
    ...(milliseconds !== undefined && Number.isFinite(milliseconds) && { time: milliseconds }),
  };
}
