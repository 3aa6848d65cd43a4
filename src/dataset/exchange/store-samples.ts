import { basename } from "node:path";
import { TinymlError } from "../../errors";
import type { Dataset } from "../dataset";
import { type DatasetDescription, findMismatch, readDescription } from "../description";
import { emptyDataset } from "../empty-dataset";
import { openDataset, openStoredDataset, withDataset } from "../open-dataset";
import type { ImportedSamples } from "./imported";

/**
 * Adds imported samples to the dataset in `folder`, all or none. Where there is no dataset, or one without samples that nobody uses, the import says what it holds.
 * @returns the ids that they got
 * @throws TinymlError TINYML_DATASET_MISMATCH where the dataset holds other samples, and what `Dataset.addAll` throws
 */
export async function storeSamples(folder: string, { description, samples }: ImportedSamples): Promise<number[]> {
  const stored = await readDescription(folder);
  const mismatch =
    stored &&
    (findMismatch(stored, withUnitsOf(stored, description), []) ?? findOtherRate(stored.rateHz, description.rateHz));
  if (mismatch !== undefined) await describeAnew(folder, description, mismatch);
  const isNew = stored === undefined || mismatch !== undefined;
  const dataset: Dataset = isNew ? await openDataset(folder, description) : await openStoredDataset(folder);
  try {
    return await dataset.addAll(samples);
  } finally {
    await dataset.close();
  }
}

/** Whether there is a sample in the dataset in `folder`, a deleted one included. @throws what `openStoredDataset` throws */
export async function holdsSamples(folder: string): Promise<boolean> {
  const dataset = await openStoredDataset(folder);
  try {
    return dataset.count > 0 || (await dataset.samples({ deleted: true })).length > 0;
  } finally {
    await dataset.close();
  }
}

/** Lets a dataset without samples hold what an import describes. @throws TinymlError TINYML_DATASET_MISMATCH where it has some, or is in use */
async function describeAnew(folder: string, description: DatasetDescription, mismatch: string): Promise<void> {
  const refuse = (advice: string): never => {
    const difference = mismatch.replace("the settings say", "what is imported has");
    throw new TinymlError(
      "TINYML_DATASET_MISMATCH",
      `The dataset "${basename(folder)}" ${difference}. Nothing was imported. ${advice}`,
    );
  };
  if (await holdsSamples(folder)) refuse("Import it into another dataset.");
  await withDataset(
    folder,
    async () => refuse("The dataset has no samples yet: change its settings in the flow, or import into another one."),
    () => emptyDataset(folder, description),
  );
}

/** An import's description with the dataset's units where the files say none, as CSV files do. */
function withUnitsOf(stored: DatasetDescription, imported: DatasetDescription): DatasetDescription {
  const complete = (list: "channels" | "targets"): DatasetDescription["channels"] | undefined =>
    imported[list]?.map((each, i) => (each.unit === "" ? { ...each, unit: stored[list]?.[i]?.unit ?? "" } : each));
  const targets = complete("targets");
  return { ...imported, channels: complete("channels") ?? [], ...(targets !== undefined && { targets }) };
}

/** How the rates of recordings differ, by more than boards' clocks do; undefined where they don't, or where one is not known. */
function findOtherRate(stored: number | undefined, imported: number | undefined): string | undefined {
  if (stored === undefined || imported === undefined || Math.abs(stored - imported) <= 0.01 * stored) return undefined;
  return `has ${stored} readings per second, what is imported has ${imported}`;
}
