import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Model, Tensor } from "../../src/model/model";
import { loadInLiteRt } from "../../test/support/litert";
import { sharedModelPath } from "../../test/support/shared-models";
import { library } from "../library";
import { type Callable, callMicroseconds } from "../measure";
import { createPictureOnnxPredictor } from "../peers/onnx";
import { keywordCnn, type PictureNetwork, pictureModel, smallDigitsCnn } from "../pictures";
import { type Check, digits, type Section } from "../report";

/** What a network over pictures may take, as a share of onnxruntime-node's time. */
const shares = [
  { network: smallDigitsCnn, limit: 1.5 },
  { network: keywordCnn, limit: 1.6 },
];

/** Public models that lie beside the repository, against LiteRT.js; networks over pictures, against onnxruntime-node. */
export async function measureModels(): Promise<Section> {
  const folder = sharedModelPath("");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".tflite")) : [];
  const models: Awaited<ReturnType<typeof measureModel>>[] = [];
  for (const name of names) models.push(await measureModel(name));
  const networks: Awaited<ReturnType<typeof measureNetwork>>[] = [];
  for (const { network, limit } of shares) networks.push(await measureNetwork(network(), limit));
  return {
    title: "Models",
    tables: [
      {
        caption:
          "Public models, one sample at a time: our time as a share of LiteRT.js's in this run, then median microseconds, as of this machine.",
        columns: ["model", "MACs", "share", "ours, µs", "LiteRT.js, µs"],
        rows: models.map(({ name, macs, ours, theirs }) => [
          name,
          macs.toLocaleString("en-US"),
          digits(ours / theirs),
          digits(ours),
          digits(theirs),
        ]),
      },
      {
        caption: "Float networks over pictures: our time as a share of onnxruntime-node's in this run, then the same.",
        columns: ["network", "MACs", "share", "ours, µs", "onnxruntime, µs"],
        rows: networks.map(({ name, macs, ours, theirs }) => [
          name,
          macs.toLocaleString("en-US"),
          digits(ours / theirs),
          digits(ours),
          digits(theirs),
        ]),
      },
    ],
    notes: [
      "`run` of the model's own tensors. LiteRT.js: its WebAssembly driven directly, on one thread with XNNPACK. onnxruntime-node: native code, `await run` on one thread.",
      "person_detect says that its biases are scaled along a dimension that they don't have, which LiteRT refuses: for LiteRT that was put right.",
    ],
    checks: [
      ...models
        .filter(({ int8 }) => int8)
        .map(
          ({ name, ours, theirs }): Check => ({
            what: `${name}: faster than LiteRT.js`,
            passed: ours < theirs,
            measured: `${digits(ours / theirs)} of its time`,
          }),
        ),
      ...networks.map(
        ({ name, ours, theirs, limit }): Check => ({
          what: `${name}: at most ${limit} of onnxruntime-node's time`,
          passed: ours <= limit * theirs,
          measured: digits(ours / theirs),
        }),
      ),
      ...twinChecks(models),
    ],
  };
}

/** Where a model is there in both types: int8 is to be the faster one above 100,000 multiplications. */
function twinChecks(models: readonly { name: string; macs: number; ours: number }[]): Check[] {
  const twins = [["kws_ref_model.tflite", "kws_ref_model_float32.tflite"]];
  return twins.flatMap(([int8Name, floatName]) => {
    const int8 = models.find(({ name }) => name === int8Name);
    const float = models.find(({ name }) => name === floatName);
    if (int8 === undefined || float === undefined) return [];
    const what = `${int8Name}: faster than its float twin`;
    return [{ what, passed: int8.ours < float.ours, measured: `${digits(int8.ours / float.ours)} of its time` }];
  });
}

async function measureModel(name: string) {
  const bytes = readFileSync(sharedModelPath(name));
  const model = library.readTflite(bytes);
  const inputs = model.inputs.map((index) => sample(model.tensors[index]));
  const theirs = await loadInLiteRt(library.writeTflite(withBiasesAlongTheirDimension(model)));
  const [ours, litert] = await callMicroseconds([
    runs(model, inputs),
    {
      async run(calls) {
        for (let i = 0; i < calls; i++) await theirs.run(inputs);
      },
    },
  ]);
  theirs.dispose();
  const { macs } = library.summarizeModel(model, bytes.length);
  return { name, macs, ours, theirs: litert, int8: model.tensors[model.inputs[0]].type === "int8" };
}

async function measureNetwork(network: PictureNetwork, limit: number) {
  const model = pictureModel(network);
  const [picture] = model.inputs.map((index) => sample(model.tensors[index]));
  if (!(picture instanceof Float32Array)) throw new Error("a float picture was expected");
  const engine = await createPictureOnnxPredictor(network, picture);
  const wanted = await engine.output();
  const found = Array.from(library.loadModel(model).run([picture])[0], Number);
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - found[i])));
  if (!(worst <= 1e-5)) throw new Error(`${network.name} is ${worst} off`);
  const [ours, theirs] = await callMicroseconds([runs(model, [picture]), engine]);
  return { name: network.name, macs: library.summarizeModel(model, 0).macs, ours, theirs, limit };
}

function runs(model: Model, inputs: readonly (Float32Array | Int8Array)[]): Callable {
  const loaded = library.loadModel(model);
  return {
    run(calls) {
      for (let i = 0; i < calls; i++) loaded.run(inputs);
    },
  };
}

/** Elements that run through the values of their type. */
function sample({ type, shape }: Tensor): Float32Array | Int8Array {
  const stored = Int8Array.from({ length: library.elementCount(shape) }, (_, i) => ((i * 89) % 256) - 128);
  return type === "int8" ? stored : Float32Array.from(stored, (value) => value / 128);
}

function withBiasesAlongTheirDimension(model: Model): Model {
  const tensors = model.tensors.map((tensor) => {
    const { quantization, shape } = tensor;
    if (quantization === undefined || quantization.axis < shape.length) return tensor;
    return { ...tensor, quantization: { ...quantization, axis: 0 } };
  });
  return { ...model, tensors };
}
