import { basename } from "node:path";
import { toStorageError } from "../storage";
import type { DatasetDescription } from "./description";
import { assertDescription } from "./description";
import { emptyDataset } from "./empty-dataset";
import { withDataset } from "./open-dataset";

/**
 * Throws away all rows of the dataset in `folder`, whatever description they were recorded under and even when they can't be understood
 * any more; from then on the dataset holds what `description` says. Who has it open goes on with that one.
 *
 * Throws TINYML_CONFIG_INVALID for a description that makes no sense, TINYML_DISK_FULL or TINYML_STORAGE.
 */
export async function clearDataset(folder: string, description: DatasetDescription): Promise<void> {
  const parsed = assertDescription(description);
  try {
    await withDataset(
      folder,
      (dataset) => dataset.clear(parsed),
      () => emptyDataset(folder, parsed),
    );
  } catch (error) {
    throw toStorageError(error, `the dataset ${basename(folder)}`);
  }
}
