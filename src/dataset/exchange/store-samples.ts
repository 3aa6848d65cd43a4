import { basename } from "node:path";
import { TinymlError } from "../../errors";
import { type Dataset, openDataset, openStoredDataset } from "../dataset";
import { type DatasetDescription, findMismatch, readDescription } from "../description";
import type { ImportedSamples } from "./imported";

/**
 * Adds imported samples to the dataset in `folder`, all or none; the dataset is made where there is none, as the import describes it.
 * @returns the ids that they got
 * @throws TinymlError TINYML_DATASET_MISMATCH where the dataset holds other samples, and what `Dataset.addAll` throws
 */
export async function storeSamples(folder: string, { description, samples }: ImportedSamples): Promise<number[]> {
  const stored = await readDescription(folder);
  if (stored !== undefined) {
    const mismatch =
      findMismatch(stored, withUnitsOf(stored, description), []) ?? findOtherRate(stored.rateHz, description.rateHz);
    if (mismatch !== undefined) {
      throw new TinymlError(
        "TINYML_DATASET_MISMATCH",
        `The dataset "${basename(folder)}" ${mismatch.replace("the settings say", "what is imported has")}. Nothing was imported. Import it into another dataset.`,
      );
    }
  }
  const dataset: Dataset =
    stored === undefined ? await openDataset(folder, description) : await openStoredDataset(folder);
  try {
    return await dataset.addAll(samples);
  } finally {
    await dataset.close();
  }
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
