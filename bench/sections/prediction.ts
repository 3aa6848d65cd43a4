import type { Model, TensorData } from "../../src/model/model";
import { loadInLiteRt } from "../../test/support/litert";
import { library } from "../library";
import { type Callable, callMicroseconds } from "../measure";
import { denseLayers, digitsNetwork, type Network, potentiometer, smallRegression, untrained } from "../networks";
import { createOnnxPredictor } from "../peers/onnx";
import { createTfjsPredictor } from "../peers/tfjs";
import { type Check, digits, type Section } from "../report";

/** Something that predicts the same reading again and again. */
interface Engine extends Callable {
  name: string;
  /** What it says of the reading, as plain numbers, to see that all engines compute the same. */
  output(): Promise<readonly number[]> | readonly number[];
  /** How far the output may be from ours in float. */
  tolerance: number;
}

const ourNames = ["ours float, predict", "ours float, run", "ours int8, predict", "ours int8, run"] as const;
const peerNames = ["tfjs cpu", "tfjs wasm", "onnxruntime", "LiteRT.js float", "LiteRT.js int8"] as const;

/** What one call may take, microseconds. */
const target = 2;

/** Shares of onnxruntime-node's time that are not to be passed, by the network's place in the list below. */
const shareChecks = [
  { network: 1, limit: 0.04 },
  { network: 2, limit: 0.65 },
  { network: 3, limit: 0.65 },
];

/** Predictions of one reading at a time, median microseconds: ours and the peers. */
export async function measurePrediction(): Promise<Section> {
  const networks = [potentiometer(), smallRegression(), digitsNetwork(), withoutZeros(digitsNetwork())];
  const times: Map<string, number>[] = [];
  for (const network of networks) times.push(await measureNetwork(network));
  const time = (network: number, name: string) => times[network].get(name) ?? Number.NaN;
  const ratioRow = (name: string) => [
    name,
    ...networks.map((_, i) => digits(time(i, name) / time(i, "onnxruntime"))),
    ...networks.map((_, i) => digits(time(i, name))),
  ];
  const names = networks.map(({ name }) => name);
  return {
    title: "Prediction, one reading at a time",
    tables: [
      {
        caption:
          "Time of one call as a share of onnxruntime-node's in this run; then median microseconds, as of this machine.",
        columns: ["", ...names.map((name) => `${name}, ratio`), ...names.map((name) => `${name}, µs`)],
        rows: [...ourNames, ...peerNames].map(ratioRow),
      },
    ],
    notes: [
      "`predict` takes a reading of plain numbers and gives the answer in the user's terms; `run` takes and gives the model's own tensors.",
      "tfjs: `predict` and `dataSync` in a `tidy`; onnxruntime-node: `await run` on one thread; LiteRT.js: its WebAssembly driven directly, on one thread with XNNPACK.",
      "All engines had the same weights and were checked to give the same outputs.",
      "784 numbers are a made-up picture, four fifths of it 0 as in a drawn digit, which ours passes over in float; then the same without a single 0.",
    ],
    checks: [
      ...ourNames.map((name): Check => {
        const microseconds = time(0, name);
        return {
          what: `${networks[0].name}, ${name}: less than ${target} µs a call`,
          passed: microseconds < target,
          measured: `${digits(microseconds)} µs`,
        };
      }),
      ...shareChecks.flatMap(({ network, limit }) =>
        [ourNames[0], ourNames[1]].map((name): Check => {
          const share = time(network, name) / time(network, "onnxruntime");
          return {
            what: `${networks[network].name}, ${name}: at most ${limit} of onnxruntime-node's time`,
            passed: share <= limit,
            measured: digits(share),
          };
        }),
      ),
    ],
  };
}

/** The same network on pictures without a 0. */
function withoutZeros(network: Network): Network {
  const inputs = network.table.inputs.map((value) => (value === 0 ? 0.01 : value));
  return { ...network, name: `${network.name} without 0`, table: { ...network.table, inputs } };
}

async function measureNetwork(network: Network): Promise<Map<string, number>> {
  const float = untrained(network);
  const int8 = library.quantizeInt8(float, network.table);
  const reading = network.table.inputs.slice(0, network.table.channels.length);
  const layers = denseLayers(float);
  const named = (name: string, engine: Callable & Pick<Engine, "output">, tolerance: number): Engine => ({
    name,
    tolerance,
    run: (calls) => engine.run(calls),
    output: () => engine.output(),
  });
  const engines: Engine[] = [
    named("ours float, predict", predictEngine(float, reading), 1e-5),
    named("ours float, run", runEngine(float, reading), 1e-5),
    named("ours int8, predict", predictEngine(int8, reading), 0.05),
    named("ours int8, run", runEngine(int8, reading), 0.05),
    named("tfjs cpu", await createTfjsPredictor(layers, "cpu", reading), 1e-4),
    named("tfjs wasm", await createTfjsPredictor(layers, "wasm", reading), 1e-4),
    named("onnxruntime", await createOnnxPredictor(layers, reading), 1e-4),
    named("LiteRT.js float", await liteRtEngine(float, reading), 1e-4),
    named("LiteRT.js int8", await liteRtEngine(int8, reading), 0.05),
  ];
  const wanted = await engines[0].output();
  for (const { name, tolerance, output } of engines) {
    const got = await output();
    const worst = Math.max(...wanted.map((value, i) => Math.abs(value - got[i])));
    if (!(worst <= tolerance)) throw new Error(`${name} is ${worst} off for ${network.name}`);
  }
  const times = await callMicroseconds(engines);
  return new Map(engines.map(({ name }, i) => [name, times[i]]));
}

/** A reading of plain numbers to an answer in the user's terms, as tinyml-predict does it. */
function predictEngine(model: Model, reading: Float32Array): Callable & Pick<Engine, "output"> {
  const predictor = library.createPredictor(model);
  const values = Array.from(reading);
  return {
    run(calls) {
      for (let i = 0; i < calls; i++) predictor.predict(values);
    },
    output() {
      const prediction = predictor.predict(values);
      if (typeof prediction === "number") return [prediction];
      return Array.isArray(prediction) ? prediction : Object.values(prediction.scores);
    },
  };
}

/** The model's own tensors, ours. */
function runEngine(model: Model, reading: Float32Array): Callable & Pick<Engine, "output"> {
  const loaded = library.loadModel(model);
  const inputs = [toInput(model, reading)];
  return {
    run(calls) {
      for (let i = 0; i < calls; i++) loaded.run(inputs);
    },
    output: () => fromOutput(model, loaded.run(inputs)[0]),
  };
}

/** The model's own tensors, LiteRT's. */
async function liteRtEngine(model: Model, reading: Float32Array): Promise<Callable & Pick<Engine, "output">> {
  const loaded = await loadInLiteRt(library.writeTflite(model));
  const inputs = [toInput(model, reading)];
  return {
    async run(calls) {
      for (let i = 0; i < calls; i++) await loaded.run(inputs);
    },
    async output() {
      const [output] = await loaded.run(inputs);
      return fromOutput(model, output);
    },
  };
}

/** The reading in the type of the model's input. */
function toInput(model: Model, reading: Float32Array): Float32Array | Int8Array {
  const tensor = model.tensors[model.inputs[0]];
  const quantization = library.perTensor(tensor);
  if (tensor.type !== "int8" || quantization === undefined) return reading;
  const { scale, zeroPoint } = quantization;
  return Int8Array.from(reading, (value) => Math.max(-128, Math.min(127, Math.round(value / scale) + zeroPoint)));
}

/** The model's output as plain numbers. */
function fromOutput(model: Model, data: TensorData): number[] {
  const quantization = library.perTensor(model.tensors[model.outputs[0]]);
  const stored = Array.from(data, Number);
  if (quantization === undefined) return stored;
  return stored.map((value) => quantization.scale * (value - quantization.zeroPoint));
}
