import { basename } from "node:path";
import { elementCount } from "../../model/tensor";
import { encodePng } from "../encode-png";
import { parseIdx } from "../idx";
import { pictureChannels } from "../picture";
import { isIdxName, readIdxFolder } from "../read-idx";
import { sampleShape, type Table } from "../table";
import { rowsOfTable } from "./csv-files";
import { type ImportOptions, listOf, type Understood } from "./imported";
import { importError, type NamedBytes, rowBytes, type SampleBudget, sampleBytes } from "./named-bytes";

/**
 * IDX files as samples: images and labels, whose names say which are which, as `readIdxFolder` finds them. Pictures become PNG files, readings rows of a table.
 * @throws TinymlError TINYML_IMPORT_INVALID for more than the budget, pictures of other numbers than bytes or for a regression, and what `readIdxFolder` throws
 */
export async function readIdxFiles(
  files: readonly NamedBytes[],
  source: string,
  options: ImportOptions,
  budget: SampleBudget,
): Promise<Understood> {
  const byName = new Map(files.map((file) => [basename(file.name), file]));
  const wanted = options.task === undefined ? {} : { task: options.task };
  const table = await readIdxFolder(source, [...byName.keys()].filter(isIdxName), wanted, (path) => {
    const file = byName.get(basename(path));
    if (file === undefined) throw importError(source, `it has no ${basename(path)}`);
    const idx = parseIdx(file.bytes, file.name);
    const [samples, ...shape] = idx.shape;
    // The pixels of pictures stay where they are, and a label is no sample of its own.
    const each = [16, rowBytes + elementCount(shape) * 4][shape.length] ?? sampleBytes;
    budget.claim(file.name, samples * each);
    return idx;
  });
  const { inputs } = table;
  if ("file" in inputs) throw importError(source, "its samples are too many");
  if (table.shape === undefined) return rowsOfTable({ ...table, inputs: Float32Array.from(inputs) }, source);
  if (!(inputs instanceof Uint8Array)) throw importError(source, "its pictures are made of other numbers than bytes");
  return picturesOfTable({ ...table, inputs }, source);
}

function picturesOfTable(table: Table<Uint8Array>, source: string): Understood {
  const [height, width, channels] = sampleShape(table);
  if (channels !== 1 && channels !== 3) {
    throw importError(source, `its pictures have ${channels} channels; those here are grey (1) or coloured (3)`);
  }
  if (table.task === "regression") throw importError(source, "its pictures have numbers in place of labels");
  const size = height * width * channels;
  const samples = listOf(table.rows, (row) => {
    const pixels = table.inputs.subarray(row * size, (row + 1) * size);
    const split = table.splits?.[row];
    return {
      label: table.labels?.[table.outputs[row]] ?? "",
      ...(split !== undefined && { split }),
      bytes: encodePng({ width, height, channels, pixels }),
      type: "png",
    };
  });
  const met = table.labels ?? [];
  return { name: source, kind: "image", task: "classification", channels: pictureChannels(channels), met, samples };
}
