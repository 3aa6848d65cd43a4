import type { Model } from "../../src/model/model";
import { library } from "../library";
import {
  denseLayers,
  digitsNetwork,
  type Network,
  pictureNetworks,
  potentiometer,
  smallRegression,
  untrained,
} from "../networks";
import { tfjsEpochMilliseconds, tfjsStepMilliseconds } from "../peers/tfjs";
import { digits, type Section } from "../report";

interface Row {
  network: string;
  ours: number;
  cpu: number;
  wasm: number;
}

/** Training, milliseconds per epoch: ours and TensorFlow.js without native code. */
export async function measureTraining(): Promise<Section> {
  const book = potentiometer();
  const small = smallRegression();
  const large = digitsNetwork();
  const rate = matrixProductRate();
  const rows = [
    await measureRow(`${book.name}, 750 rows, batch 50, and 250 to validate with (the book's recipe)`, book, {
      ours: () => recipeEpochMilliseconds(book),
      rows: 750,
      peerEpochs: 10,
    }),
    await measureRow(`${small.name}, 1,000 rows, batch 32`, small, {
      ours: () => trainerEpochMilliseconds(small, 300),
      rows: 1000,
      peerEpochs: 10,
    }),
    await measureRow(`${large.name}, 6,000 rows, batch 32`, large, {
      ours: () => trainerEpochMilliseconds(large, 3),
      rows: 6000,
      peerEpochs: 1,
    }),
  ];
  const shareOf = (network: Network, milliseconds: number): number =>
    (100 * floatingPointOperations(untrained(network), network.table.rows)) / milliseconds / 1e6 / rate;
  const pictures = [];
  for (const { network, most, share } of pictureNetworks()) {
    let ours = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 6; i++) ours = Math.min(ours, trainerEpochMilliseconds(network, 2));
    const samples = 4;
    const cpu = (await tfjsStepMilliseconds(network, samples)) * (network.table.rows / samples);
    pictures.push({ network, most, share, ours, cpu, reached: shareOf(network, ours) });
  }
  return {
    title: "Training",
    tables: [
      {
        caption:
          "One epoch, adam, one thread. How many times faster than TensorFlow.js 4.22; then milliseconds, as of this machine.",
        columns: ["network", "than tfjs cpu", "than tfjs wasm", "ours, ms", "tfjs cpu, ms", "tfjs wasm, ms"],
        rows: rows.map(({ network, ours, cpu, wasm }) => [
          network,
          `${digits(cpu / ours)} ×`,
          `${digits(wasm / ours)} ×`,
          digits(ours),
          digits(cpu),
          digits(wasm),
        ]),
      },
      {
        caption: "Networks over pictures, in the same way; the wasm backend can't train them.",
        columns: ["network", "samples", "than tfjs cpu", "ours, ms", "tfjs cpu, ms", "of a matrix product's rate"],
        rows: pictures.map(({ network, ours, cpu, reached }) => [
          network.name,
          digits(network.table.rows),
          `${digits(cpu / ours)} ×`,
          digits(ours),
          digits(cpu),
          `${Math.round(reached)} %`,
        ]),
      },
    ],
    notes: [
      "The fastest of the epochs measured: ours in 18 rounds of hundreds of epochs (three for the large network), a round counted by its mean, before, between and after theirs; theirs 10, 10 and 1 by `model.fit`.",
      `The large network trains at ${Math.round(shareOf(large, rows[2].ours))} % of the ${digits(rate)} GFLOP/s that the same kernels reach in a product of 256 × 512 and 512 × 512 numbers. Multiplications with the zeros behind a relu are counted but left out, so that a share can exceed 100 %.`,
      "Networks over pictures: theirs is one step on four samples, times as many as an epoch has.",
    ],
    checks: [
      {
        what: "1-16-16-1 takes at most 0.25 ms per epoch",
        passed: rows[1].ours <= 0.25,
        measured: `${digits(rows[1].ours)} ms`,
      },
      {
        what: "784-128-10 takes at most 100 ms per epoch, or trains at 55 % of a matrix product's rate",
        passed: rows[2].ours <= 100 || shareOf(large, rows[2].ours) >= 55,
        measured: `${digits(rows[2].ours)} ms, ${Math.round(shareOf(large, rows[2].ours))} %`,
      },
      ...pictures.map(({ network, most, share, ours, reached }) => ({
        what: `${network.name} takes at most ${most} ms${share === undefined ? "" : `, or trains at ${share} % of a matrix product's rate`}`,
        passed: ours <= most || (share !== undefined && reached >= share),
        measured: `${digits(ours)} ms, ${Math.round(reached)} %`,
      })),
    ],
  };
}

async function measureRow(
  name: string,
  network: Network,
  { ours, rows, peerEpochs }: { ours: () => number; rows: number; peerEpochs: number },
): Promise<Row> {
  const layers = denseLayers(untrained(network));
  const options = { rows, warmUps: peerEpochs > 1 ? 1 : 0, epochs: peerEpochs };
  let best = Number.POSITIVE_INFINITY;
  const again = (times: number) => {
    for (let i = 0; i < times; i++) best = Math.min(best, ours());
  };
  again(6);
  const cpu = await tfjsEpochMilliseconds(network, layers, "cpu", options);
  again(6);
  const wasm = await tfjsEpochMilliseconds(network, layers, "wasm", options);
  again(6);
  return { network: name, ours: best, cpu, wasm };
}

/** The recipe as a user trains it: all its epochs, with shuffling, validation and progress. */
function recipeEpochMilliseconds({ recipe, table, name }: Network): number {
  const start = performance.now();
  library.trainRecipe({ recipe, table, name });
  return (performance.now() - start) / recipe.training.epochs;
}

/** Shuffling and learning alone, on all rows, as the peers do it. */
function trainerEpochMilliseconds(network: Network, epochs: number): number {
  const { recipe, table } = network;
  const compiled = library.compileRecipe(
    recipe,
    table.labels?.length ?? library.outputWidth(table),
    library.createRandom(recipe.training.seed),
  );
  const trainer = library.createTrainer(compiled, network.recipe.training, network.table.rows);
  const order = Uint32Array.from({ length: network.table.rows }, (_, row) => row);
  const { shuffle } = library.createRandom(1);
  const epoch = () => {
    shuffle(order);
    trainer.trainEpoch(network.table, order);
  };
  epoch();
  const start = performance.now();
  for (let i = 0; i < epochs; i++) epoch();
  const milliseconds = (performance.now() - start) / epochs;
  trainer.dispose();
  return milliseconds;
}

/** What the kernels reach in a large matrix product, in GFLOP/s. */
function matrixProductRate(): number {
  const { call, heap } = library.kernels();
  const batch = 256;
  const width = 512;
  const input = heap.allocate(4 * batch * width);
  const weights = heap.allocate(4 * width * width);
  const output = heap.allocate(4 * batch * width);
  const multiply = () => call.tinyml_dense_float(input, weights, 0, output, batch, width, width, 0);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 50; i++) {
    const start = performance.now();
    multiply();
    best = Math.min(best, performance.now() - start);
  }
  for (const address of [input, weights, output]) heap.release(address);
  return (2 * batch * width * width) / best / 1e6;
}

/** Multiplications and additions of one epoch: forward, by the weights, and by the inputs of all layers but the first. */
function floatingPointOperations({ operators, tensors }: Model, rows: number): number {
  const products = operators.map((operator) => library.operatorMacs(tensors, operator)).filter((count) => count > 0);
  return products.reduce((sum, count, i) => sum + 2 * rows * count * (i === 0 ? 2 : 3), 0);
}
