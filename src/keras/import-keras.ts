import type { Metadata } from "../model/metadata";
import type { Model } from "../model/model";
import { parseMetadata } from "../model/parse-metadata";
import { elementCount } from "../model/tensor";
import { transposed } from "../model/transposed";
import { buildNetwork } from "../training/compile-recipe";
import { foldTraining } from "../training/fold-training";
import type { WeightRequest, WeightRole } from "../training/network";
import type { Layer } from "../training/recipe-layers";
import { type FlatLayer, flattenTopology } from "./flatten-topology";
import { layerOfKeras, onlyOf } from "./keras-layers";
import { damagedKeras, type KerasModel, type KerasWeight, unsupportedKeras } from "./keras-model";

/** How a model is imported. */
export interface ImportOptions {
  /** The name the model gets, where the file holds no description of ours. */
  name: string;
}

/**
 * A model of Keras or tfjs as one of ours: its layers become the graph of a recipe's, with its weights.
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED naming the layer that is not known, TINYML_MODEL_INVALID where weights are missing or don't fit
 */
export function importKeras(keras: KerasModel, { name }: ImportOptions): Model {
  const { inputShape, layers: flat, output } = flattenTopology(keras.topology);
  /** Layers that do nothing once they are trained are skipped: what takes them takes what they take. */
  const stands = new Map<string, string>();
  const layers: Layer[] = [];
  const sources: FlatLayer[] = [];
  for (const each of flat) {
    const inputs = each.inputs.map((input) => stands.get(input) ?? input);
    const layer = layerOfKeras({ ...each, inputs });
    if (layer === undefined) stands.set(each.name, inputs[0]);
    else {
      layers.push(layer);
      sources.push(each);
    }
  }
  const last = stands.get(output) ?? output;
  const end = layers.findIndex((layer) => layer.name === last);
  const needed = layers.slice(0, end + 1);
  if (needed.length === 0) throw unsupportedKeras("none of its layers does anything once it is trained");
  const network = buildNetwork(inputShape, needed, (request) =>
    weightsOf(keras.weights, sources[request.layer], request),
  );
  for (const [i, { output: tensor }] of network.layers.entries()) {
    checkAxis(sources[i], network.model.tensors[tensor].shape.length);
  }
  const model = foldTraining(network.model);
  const { shape } = model.tensors[model.outputs[0]];
  if (elementCount(shape) !== shape.at(-1)) {
    throw unsupportedKeras(`its output [${shape.slice(1).join(", ")}] is no single list of numbers`);
  }
  const metadata =
    keras.metadata === undefined ? undefined : parseMetadata(keras.metadata, "userDefinedMetadata.TINYML_FLOWS");
  return {
    ...model,
    metadata: metadata ?? describe(model, needed, { name, labels: keras.labels, isImage: keras.isTeachableImage }),
  };
}

/** Normalization is over the channels here, which come last; Keras counts the batch as dimension 0. */
function checkAxis({ name, type, config }: FlatLayer, rank: number): void {
  if (type !== "BatchNormalization") return;
  const axis = onlyOf(config.axis);
  if (axis === undefined || axis === -1 || axis === rank - 1) return;
  throw unsupportedKeras(
    `its layer "${name}" (${type}) normalizes over the axis ${JSON.stringify(axis)}, not over the last one`,
  );
}

/** Keras's name of each role. */
const WEIGHT_NAMES: Readonly<Record<WeightRole, string>> = {
  kernel: "kernel",
  depthwiseKernel: "depthwise_kernel",
  pointwiseKernel: "pointwise_kernel",
  bias: "bias",
  gamma: "gamma",
  beta: "beta",
  mean: "moving_mean",
  variance: "moving_variance",
};

function weightsOf(
  weights: ReadonlyMap<string, KerasWeight>,
  layer: FlatLayer,
  { role, shape }: WeightRequest,
): Float32Array {
  const count = elementCount(shape);
  if (layer.type === "Rescaling") return rescaling(layer, role, count);
  if (role === "gamma" && layer.config.scale === false) return new Float32Array(count).fill(1);
  if (role === "beta" && layer.config.center === false) return new Float32Array(count);
  const key = `${layer.name}/${WEIGHT_NAMES[role]}`;
  const found = weights.get(key);
  if (found === undefined) throw damagedKeras(`the weights "${key}" are missing`);
  if (found.data.length !== count) {
    throw damagedKeras(`its weights "${key}" are [${found.shape.join(", ")}], where ${count} numbers are needed`);
  }
  if (!found.data.every(Number.isFinite)) throw damagedKeras(`its weights "${key}" are not all numbers`);
  // of kernels the outputs come last in Keras, and first here; depthwise kernels lie alike
  if (role !== "kernel" && role !== "pointwiseKernel") return found.data;
  return found.data.map(transposed(found.data, count / shape[0], shape[0]));
}

/** scale × x + offset as a normalization that subtracts 0 and divides by 1. */
function rescaling({ config }: FlatLayer, role: WeightRole, count: number): Float32Array {
  const { scale = 1, offset = 0 } = config;
  const value = { gamma: scale, beta: offset, mean: 0, variance: 1 }[role as "gamma"];
  if (typeof value !== "number") throw damagedKeras("its layer Rescaling has no plain scale and offset");
  return new Float32Array(count).fill(value);
}

/** What a user must know of a model that says nothing of itself. */
function describe(
  model: Model,
  layers: readonly Layer[],
  { name, labels, isImage }: { name: string; labels: readonly string[] | undefined; isImage: true | undefined },
): Metadata {
  const channels = model.tensors[model.inputs[0]].shape.at(-1) ?? 1;
  const outputs = elementCount(model.tensors[model.outputs[0]].shape);
  const numbered = (what: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: count === 1 ? what : `${what} ${i + 1}`, unit: "" }));
  const pixel = 127.5;
  const features = isImage
    ? [
        {
          block: "normalize" as const,
          mean: Array<number>(channels).fill(pixel),
          deviation: Array<number>(channels).fill(pixel),
        },
      ]
    : [];
  const common = { version: 1, name, inputs: numbered("input", channels), features, compression: [] } as const;
  if (labels !== undefined && labels.length !== outputs) {
    throw damagedKeras(`it has ${outputs} outputs, but ${labels.length} labels`);
  }
  const last = layers.at(-1);
  const isClassifier =
    labels !== undefined || (last !== undefined && "activation" in last && last.activation === "softmax");
  return isClassifier
    ? { ...common, task: "classification", labels: labels ?? numbered("", outputs).map((_, i) => String(i)) }
    : { ...common, task: "regression", targets: numbered("output", outputs) };
}
