/*
 * A process that records until it is killed: `recorder.ts FOLDER FIRST`. It prints "opened N" with the rows it found, then the number
 * of each row once it was acknowledged, from FIRST on. Errors are printed as "failed CODE", and recording goes on.
 */
import { writeSync } from "node:fs";
import { openDataset } from "../../../src/dataset/open-dataset";
import { describeRecorded, recordedRow } from "./recorded";

async function record(folder: string, first: number): Promise<void> {
  const dataset = await openDataset(folder, describeRecorded, { delay: 5 });
  writeSync(1, `opened ${dataset.count}\n`);
  for (let number = first; ; number++) {
    dataset.append(recordedRow(number)).then(
      () => writeSync(1, `${number}\n`),
      (error) => writeSync(1, `failed ${error.code}\n`),
    );
    // Rows come in bursts, so that some batches are small and others large.
    if (number % 7 === 0) await new Promise((resolve) => setTimeout(resolve, number % 3));
  }
}

void record(process.argv[2] ?? "", Number(process.argv[3]));
