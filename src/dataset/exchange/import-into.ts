import { type DatasetDescription, readDescription } from "../description";
import { withDataset } from "../open-dataset";
import { importSamples } from "./import-samples";
import type { ImportOptions } from "./imported";
import type { NamedBytes } from "./named-bytes";
import { holdsSamples, storeSamples } from "./store-samples";

/** What came into a dataset. */
export interface ImportedInto {
  ids: readonly number[];
  /** Files that hold nothing of the kind and were passed over. */
  passedOver: readonly string[];
}

/**
 * Adds the samples in files, or at a path, to the dataset in `folder`, all or none. What the dataset holds says how the files are understood; where there is
 * none, or one that neither holds samples nor is in use, the files say it, and so what it holds from then on.
 * @throws TinymlError as `importSamples` and `storeSamples`
 */
export async function importInto(
  folder: string,
  source: string | readonly NamedBytes[],
  given: Pick<ImportOptions, "label" | "rateHz"> = {},
): Promise<ImportedInto> {
  const stored = await readDescription(folder);
  const isSettled = stored !== undefined && ((await isInUse(folder)) || (await holdsSamples(folder)));
  const imported = await importSamples(source, { ...(isSettled && optionsFor(stored)), ...given });
  return { ids: await storeSamples(folder, imported), passedOver: imported.passedOver };
}

/** How files are understood that are to fit into a dataset. */
function optionsFor({ kind, task, targets, rateHz }: DatasetDescription): ImportOptions {
  return {
    task,
    ...(kind === "table" && { recordings: false }),
    ...(kind === "timeseries" && { recordings: true }),
    ...(targets !== undefined && { targets: targets.length }),
    ...(rateHz !== undefined && { rateHz }),
  };
}

async function isInUse(folder: string): Promise<boolean> {
  let inUse = false;
  await withDataset(
    folder,
    async () => {
      inUse = true;
    },
    async () => undefined,
  );
  return inUse;
}
