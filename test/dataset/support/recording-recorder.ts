import { openDataset } from "../../../src/dataset/open-dataset";
import { describeMotion, motionReading, readingsPerRecording } from "./motion";

/*
 * Records motion into a folder until it is killed: recordings that are stored as their readings come, one after another, and whole
 * ones. Prints what was acknowledged: "reading <sample> <number>", "whole <sample>".
 */
async function record(folder: string): Promise<void> {
  const dataset = await openDataset(folder, describeMotion, { delay: 3 });
  console.log("open");
  for (;;) {
    const live = await dataset.record({ label: "wave" });
    const stored: Promise<void>[] = [];
    for (let number = 0; number < readingsPerRecording; number++) {
      stored.push(live.append(motionReading(live.id, number)).then(() => console.log(`reading ${live.id} ${number}`)));
      if (number % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(stored);
    await live.finish();
    const values = Float32Array.from({ length: 20 }, (_, i) => i);
    console.log(`whole ${await dataset.add({ values, label: "rest" })}`);
  }
}

record(process.argv[2]).catch((error) => {
  console.log(`error ${error}`);
  process.exit(1);
});
