import type { RecipeInput } from "../../src/training/recipe";
import { delaysDuring } from "../event-loop-delay";
import { library } from "../library";
import { digitsNetwork, type Network } from "../networks";
import { digits, type Section } from "../report";

const epochs = 3;
const rounds = 2;

const dense: RecipeInput["layers"] = [
  { type: "flatten" },
  { type: "dense", units: 512, activation: "relu" },
  { type: "dense", units: 128, activation: "relu" },
];
const convolutional: RecipeInput["layers"] = [
  { type: "conv2d", filters: 32, kernelSize: 3, activation: "relu" },
  { type: "maxPooling2d" },
  { type: "conv2d", filters: 64, kernelSize: 3, activation: "relu" },
  { type: "maxPooling2d" },
  { type: "flatten" },
  { type: "dropout", rate: 0.5 },
];

/** The book's networks for digits, trained by one thread and by two, and the event loop while the larger one trains. */
export async function measureThreads(): Promise<Section> {
  const networks = [bookNetwork("the book's ANN", dense), bookNetwork("the book's CNN", convolutional)];
  const measured: { name: string; one: number; two: number }[] = [];
  for (const network of networks) {
    let [one, two] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < rounds; round++) {
      one = Math.min(one, await epochMilliseconds(network, 1));
      two = Math.min(two, await epochMilliseconds(network, 2));
    }
    measured.push({ name: network.name, one, two });
  }
  const { p50, p99, max } = await delaysDuring(() => epochMilliseconds(networks[1], 1));
  return {
    title: "Threads of a training",
    tables: [
      {
        caption:
          "One epoch of 5,700 pictures, batch 128, adam, and 300 to validate with; milliseconds, as of this machine.",
        columns: ["network", "one thread", "two threads", "times as fast"],
        rows: measured.map(({ name, one, two }) => [name, digits(one), digits(two), digits(one / two)]),
      },
      {
        caption: "Delay of the main thread's event loop in milliseconds while the book's CNN trains in one thread.",
        columns: ["p50", "p99", "max"],
        rows: [[digits(p50), digits(p99), digits(max)]],
      },
    ],
    notes: [
      `The fastest epoch but the first of ${rounds} trainings of ${epochs} epochs, with one thread and with two in turn. Two cores that nobody else uses are needed for the figures to mean anything.`,
    ],
    checks: [
      ...measured.map(({ name, one, two }) => ({
        what: `two threads make ${name} at least 1.6 times as fast`,
        passed: one / two >= 1.6,
        measured: digits(one / two),
      })),
      {
        what: "event loop delay p99 at most 20 ms while the book's CNN trains",
        passed: p99 <= 20,
        measured: `${digits(p99)} ms`,
      },
    ],
  };
}

function bookNetwork(name: string, layers: RecipeInput["layers"]): Network {
  const { table } = digitsNetwork();
  const recipe = library.parseRecipe({
    version: 1,
    task: "classification",
    input: { shape: [28, 28, 1] },
    layers: [...layers, { type: "dense", units: 10, activation: "softmax" }],
    training: {
      loss: "categoricalCrossentropy",
      batchSize: 128,
      epochs,
      validation: 0.05,
      earlyStopping: false,
    },
  });
  return { name, recipe, table: { ...table, shape: [28, 28, 1], channels: [{ name: "pixel", unit: "" }] } };
}

/** The fastest epoch of a training but the first, by the progress that is told. */
async function epochMilliseconds({ name, recipe, table }: Network, threads: number): Promise<number> {
  const seconds: number[] = [];
  await library.startTraining(
    { name, recipe, table },
    { threads, onProgress: (progress) => seconds.push(progress.seconds) },
  );
  return 1000 * Math.min(...seconds.slice(1).map((end, i) => end - seconds[i]));
}
