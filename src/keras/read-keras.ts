import { type Hdf5, openHdf5 } from "../hdf5";
import { unzipSync } from "../zip";
import { flattenTopology } from "./flatten-topology";
import {
  damagedKeras,
  isObject,
  type JsonObject,
  type KerasModel,
  type KerasWeight,
  parseModelJson,
  unsupportedKeras,
  weightKey,
  withoutZeros,
} from "./keras-model";

/** What an archive may unpack to. */
const maximumBytes = 512 * 2 ** 20;

/**
 * A model file of Keras or tfjs: .keras, .h5, a zip archive with a model.json (as Teachable Machine exports it), or a model.json
 * with its weight files.
 * @param fileOf gives the weight files that a model.json names, by their paths beside it
 * @throws TinymlError TINYML_MODEL_INVALID for what is no such file or a damaged one, TINYML_MODEL_UNSUPPORTED
 */
export function readKeras(bytes: Uint8Array, fileOf: (path: string) => Uint8Array | undefined): KerasModel {
  if (startsWith(bytes, [0x89, 0x48, 0x44, 0x46])) return readH5(bytes);
  if (startsWith(bytes, [0x50, 0x4b, 0x03, 0x04])) return readArchive(bytes);
  if (startsWith(bytes, [0x7b])) return readTfjs(parseModelJson(bytes, "the model"), fileOf);
  throw damagedKeras("it is none of .keras, .h5, model.json and a zip archive of these");
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

function readArchive(bytes: Uint8Array): KerasModel {
  let left = maximumBytes;
  let files: Readonly<Record<string, Uint8Array>>;
  try {
    files = unzipSync(bytes, {
      filter({ originalSize }) {
        left -= originalSize;
        if (left < 0) throw unsupportedKeras(`its archive unpacks to more than ${maximumBytes / 2 ** 20} MB`);
        return true;
      },
    });
  } catch (error) {
    if (left < 0) throw error;
    throw damagedKeras("its zip archive is cut off or damaged");
  }
  const named = (end: string): string | undefined => Object.keys(files).find((name) => name.split("/").at(-1) === end);
  const weights = named("model.weights.h5");
  const config = named("config.json");
  if (weights !== undefined && config !== undefined) {
    return readKeras3(
      parseModelJson(files[config], "config.json"),
      reading(() => openHdf5(files[weights])),
    );
  }
  const model = named("model.json");
  if (model === undefined)
    throw damagedKeras("its archive holds neither a model.json nor a config.json with model.weights.h5");
  const folder = model.slice(0, -"model.json".length);
  const read = (path: string): Uint8Array | undefined => files[folder + path];
  return readTfjs(parseModelJson(files[model], "model.json"), read);
}

/** model.json of tfjs, with weights in files beside it. */
function readTfjs(json: JsonObject, fileOf: (path: string) => Uint8Array | undefined): KerasModel {
  const labels = fileOf("metadata.json");
  const teachable = labels === undefined ? undefined : parseModelJson(labels, "metadata.json");
  refusePose(teachable);
  if (json.format === "graph-model") {
    throw unsupportedKeras("it is a tfjs graph model, which has no layers; export it as a layers model");
  }
  const weights = new Map<string, KerasWeight>();
  const manifest = Array.isArray(json.weightsManifest) ? json.weightsManifest : [];
  for (const group of manifest) {
    if (!isObject(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
      throw damagedKeras("its list of weights can't be understood");
    }
    const parts = group.paths.map((path) => {
      const part = fileOf(String(path));
      if (part === undefined) throw damagedKeras(`the file ${path} with its weights is missing beside it`);
      return part;
    });
    readManifest(group.weights, concatenate(parts), weights);
  }
  const own = isObject(json.userDefinedMetadata) ? json.userDefinedMetadata.TINYML_FLOWS : undefined;
  const names = teachable?.labels ?? teachable?.wordLabels;
  const isImage = teachable !== undefined && Array.isArray(teachable.labels) && typeof teachable.imageSize === "number";
  return {
    topology: json.modelTopology ?? json,
    weights,
    ...(own !== undefined && { metadata: own }),
    ...(Array.isArray(names) && { labels: names.map(String) }),
    ...(isImage && { isTeachableImage: true as const }),
  };
}

/** Teachable Machine's pose models begin behind PoseNet, which the export does not hold. */
function refusePose(teachable: JsonObject | undefined): void {
  const packageName = String(teachable?.packageName ?? "");
  if (!packageName.includes("pose")) return;
  throw unsupportedKeras(
    "it is a pose model of Teachable Machine, which needs PoseNet's weights, and those are not in the export",
  );
}

/** Weights one after the other in the bytes of their files. */
function readManifest(specs: readonly unknown[], bytes: Uint8Array, weights: Map<string, KerasWeight>): void {
  let at = 0;
  for (const spec of specs) {
    if (!isObject(spec) || typeof spec.name !== "string" || !Array.isArray(spec.shape)) {
      throw damagedKeras("one of its weights has no name or no shape");
    }
    const shape = spec.shape.map(Number);
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    const { data, size } = readWeight(spec, bytes, at, count);
    at += size;
    const key = weightKey(spec.name, "");
    if (weights.has(key)) throw unsupportedKeras(`two of its weights are called "${key}"`);
    weights.set(key, { shape, data });
  }
}

/** A weight as stored: floats, or whole numbers of 8 or 16 bits with a scale and a least value. */
function readWeight(
  spec: JsonObject,
  bytes: Uint8Array,
  at: number,
  count: number,
): { data: Float32Array; size: number } {
  const quantization = isObject(spec.quantization) ? spec.quantization : undefined;
  const stored = quantization === undefined ? spec.dtype : quantization.dtype;
  const width = { float32: 4, int32: 4, uint8: 1, uint16: 2, bool: 1 }[String(stored)];
  if (width === undefined) throw unsupportedKeras(`its weights "${spec.name}" are stored as ${stored}`);
  const size = width * count;
  if (!Number.isSafeInteger(count) || count < 0 || at + size > bytes.length) {
    throw damagedKeras(`its files end within the weights "${spec.name}"`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, size);
  const read = {
    float32: (i: number) => view.getFloat32(4 * i, true),
    int32: (i: number) => view.getInt32(4 * i, true),
    uint8: (i: number) => view.getUint8(i),
    uint16: (i: number) => view.getUint16(2 * i, true),
    bool: (i: number) => view.getUint8(i),
  }[String(stored) as "float32"];
  const { scale = 1, min = 0 } = quantization ?? {};
  const [factor, least] = [Number(scale), Number(min)];
  return { data: Float32Array.from({ length: count }, (_, i) => factor * read(i) + least), size };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What reading damaged HDF5 throws, as our error. */
function reading<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && "code" in error) throw error;
    throw damagedKeras(
      `its HDF5 file is cut off or damaged (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

/** .h5: the topology in an attribute, a group for each layer. */
function readH5(bytes: Uint8Array): KerasModel {
  const file = reading(() => openHdf5(bytes));
  return reading(() => {
    const config = file.attribute("", "model_config");
    if (typeof config !== "string") {
      throw damagedKeras("it holds weights only; save the whole model (model.save), not its weights");
    }
    const weights = new Map<string, KerasWeight>();
    for (const layer of texts(file.attribute("model_weights", "layer_names"))) {
      const group = `model_weights/${layer}`;
      for (const stored of texts(file.attribute(group, "weight_names"))) {
        const array = file.array(`${group}/${stored}`);
        if (array === undefined) throw damagedKeras(`the weights "${stored}" are missing`);
        const key = weightKey(stored, layer);
        if (weights.has(key)) throw unsupportedKeras(`two of its weights are called "${key}"`);
        weights.set(key, array);
      }
    }
    return { topology: parseModelJson(withoutZeros(config), "its model_config"), weights };
  });
}

function texts(attribute: unknown): string[] {
  return Array.isArray(attribute) ? attribute.map((text) => withoutZeros(String(text))) : [];
}

/** The weights of each class of layers in the order in which Keras 3 numbers them. */
const KERAS_3_ORDER: Readonly<Record<string, readonly string[]>> = {
  BatchNormalization: ["gamma", "beta", "moving_mean", "moving_variance"],
  DepthwiseConv2D: ["depthwise_kernel", "bias"],
  SeparableConv2D: ["depthwise_kernel", "pointwise_kernel", "bias"],
};

/** .keras: config.json and model.weights.h5, in which weights have numbers. */
function readKeras3(topology: JsonObject, file: Hdf5): KerasModel {
  const weights = new Map<string, KerasWeight>();
  const { layers } = flattenTopology(topology);
  return reading(() => {
    for (const { name, type, config, path } of layers) {
      const order = (KERAS_3_ORDER[type] ?? ["kernel", "bias"]).filter(
        (weight) => !(weight === "gamma" && config.scale === false) && !(weight === "beta" && config.center === false),
      );
      order.forEach((weight, i) => {
        const array = file.array(`${path}/vars/${i}`);
        if (array !== undefined) weights.set(`${name}/${weight}`, array);
      });
    }
    return { topology, weights };
  });
}
