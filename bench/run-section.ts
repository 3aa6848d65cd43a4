import type { Section } from "./report";

/*
 * A section in a process of its own, so that no peer's memory, threads or exception handlers reach another section:
 * `run-section training` posts what sections/training.ts measures to the process that forked it.
 */

const sections: Record<string, () => Promise<Section>> = {
  training: async () => (await import("./sections/training")).measureTraining(),
  threads: async () => (await import("./sections/threads")).measureThreads(),
  "event-loop": async () => (await import("./sections/event-loop")).measureEventLoop(),
  prediction: async () => (await import("./sections/prediction")).measurePrediction(),
  models: async () => (await import("./sections/models")).measureModels(),
  relaxed: async () => (await import("./sections/relaxed")).measureRelaxed(),
  messages: async () => (await import("./sections/messages")).measureMessages(),
  readings: async () => (await import("./sections/readings")).measureReadings(),
  startup: async () => (await import("./sections/startup")).measureStartup(),
  boards: async () => (await import("./sections/boards")).measureBoards(),
  sizes: async () => (await import("./sections/sizes")).measureSizes(),
};

const name = process.argv[2] ?? "";
const measure = sections[name];
if (measure === undefined)
  throw new Error(`There is no section "${name}"; there are ${Object.keys(sections).join(", ")}.`);
measure().then(
  (section) => process.send?.(section, () => process.exit(0)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
