/*
 * A process that fills a dataset of recordings until it is killed: `sample-recorder FOLDER FIRST`. It prints a line, as JSON, for whatever was
 * acknowledged: readings of the recording that is under way, samples that were added together, deleted samples; and, before and after it,
 * that the dataset was cleared. FIRST is the number of the first group of samples.
 */
import { writeSync } from "node:fs";
import type { Dataset } from "../../../src/dataset/dataset";
import { openDataset } from "../../../src/dataset/open-dataset";
import { describeSamples, groupOfSamples, recordedReading } from "./recorded-samples";

/** What the process tells. */
export type Told =
  | { opened: number }
  | { recording: number; readings: number }
  | { group: number; ids: number[] }
  | { deleted: number }
  | { clearing: "begins" | "done" }
  | { failed: string };

function tell(what: Told): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function record(dataset: Dataset): Promise<void> {
  for (let length = 5; ; length = (length * 7) % 97) {
    const recording = await dataset.record({ label: "live" });
    let last: Promise<void> | undefined;
    for (let n = 0; n < length; n++) {
      last = recording.append(recordedReading(n)).then(() => tell({ recording: recording.id, readings: n + 1 }));
      last.catch(() => undefined);
      if (n % 5 === 0) await pause(1);
    }
    // The dataset may have been cleared meanwhile.
    await last?.catch(() => undefined);
    await recording.finish().catch(() => undefined);
  }
}

async function add(dataset: Dataset, first: number): Promise<void> {
  for (let group = first; ; group++) {
    if (group % 8 === 7) {
      tell({ clearing: "begins" });
      await dataset.clear();
      tell({ clearing: "done" });
    }
    const ids = await dataset.addAll(groupOfSamples(group));
    tell({ group, ids });
    if (group % 3 === 0) {
      await dataset.remove([ids[0]]);
      tell({ deleted: ids[0] });
    }
    await pause(group % 4);
  }
}

async function run(folder: string, first: number): Promise<void> {
  const dataset = await openDataset(folder, describeSamples, { delay: 2 });
  tell({ opened: dataset.count });
  await Promise.all([retrying(() => record(dataset)), add(dataset, first)]);
}

/** A recording that begins while the dataset is cleared is refused; the next one is not. */
async function retrying(work: () => Promise<void>): Promise<void> {
  for (;;) await work().catch((error) => tell({ failed: error.code }));
}

void run(process.argv[2], Number(process.argv[3]));
