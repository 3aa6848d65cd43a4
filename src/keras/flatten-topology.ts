import { damagedKeras, isObject, type JsonObject, unsupportedKeras } from "./keras-model";

/** A layer of a model whose nested models have been opened. */
export interface FlatLayer {
  /** Unique in the model; its weights' name begins with it. */
  name: string;
  /** Keras's class, such as "Conv2D". */
  type: string;
  config: JsonObject;
  /** Names of the layers that it takes; "input" is the network's input. */
  inputs: readonly string[];
  /** How Keras 3 addresses it in model.weights.h5: "layers/conv2d_1". */
  path: string;
}

/** A model as a list of layers, in an order in which each stands behind those that it takes. */
export interface FlatModel {
  /** Of a sample, without the batch. */
  inputShape: readonly number[];
  layers: readonly FlatLayer[];
  /** The layer whose output is the model's. */
  output: string;
}

/**
 * Opens the models in a model: Sequential and Functional ones, in the JSON of Keras 2, Keras 3 and tfjs.
 * @throws TinymlError TINYML_MODEL_INVALID for what is no model, TINYML_MODEL_UNSUPPORTED for several inputs or outputs, shared
 *   layers, and dimensions that are not fixed
 */
export function flattenTopology(topology: unknown): FlatModel {
  const layers: FlatLayer[] = [];
  const found: { inputShape?: readonly number[] } = {};
  const output = open(modelOf(topology), "input", "", { layers, found });
  if (found.inputShape === undefined) throw damagedKeras("it does not say the shape of its input");
  return { inputShape: found.inputShape, layers, output };
}

interface Opened {
  layers: FlatLayer[];
  found: { inputShape?: readonly number[] };
}

/** A model's class and config, wherever the file has them. */
function modelOf(topology: unknown): { type: string; config: unknown } {
  if (!isObject(topology)) throw damagedKeras("it has no layers");
  if (isObject(topology.model_config)) return modelOf(topology.model_config);
  const { class_name: type, config } = topology;
  if (typeof type === "string" && (type === "Sequential" || isFunctional(type))) return { type, config };
  throw unsupportedKeras(`its class is ${JSON.stringify(type) ?? "missing"}, where Sequential or Functional is needed`);
}

function isFunctional(type: string): boolean {
  return type === "Functional" || type === "Model";
}

/** Appends a model's layers; gives the name of the one whose output is the model's. */
function open(model: { type: string; config: unknown }, input: string, path: string, into: Opened): string {
  const config = isObject(model.config) ? model.config : { layers: model.config };
  if (!Array.isArray(config.layers)) throw damagedKeras("it has no list of layers");
  const layers: unknown[] = config.layers;
  const used = new Map<string, number>();
  /** What each name of this model stands for in the opened one. */
  const stands = new Map<string, string>();
  let last = input;
  for (const each of layers) {
    if (!isObject(each) || typeof each.class_name !== "string" || !isObject(each.config)) {
      throw damagedKeras("one of its layers has no class or no settings");
    }
    const type = each.class_name;
    const inner = each.config;
    const name = String(each.name ?? inner.name ?? type);
    // Keras 3 counts the layers of a class
    const snake = snakeCase(type);
    const count = used.get(snake) ?? 0;
    used.set(snake, count + 1);
    const layerPath = `${path}layers/${snake}${count > 0 ? `_${count}` : ""}`;
    noteShape(inner, into.found);
    if (type === "InputLayer") {
      if (stands.size > 0 && isFunctional(model.type) && [...stands.values()].includes(input)) {
        throw unsupportedKeras("it has several inputs");
      }
      stands.set(name, input);
      continue;
    }
    const inputs = isFunctional(model.type)
      ? inboundNames(each.inbound_nodes, name).map((inbound) => {
          const known = stands.get(inbound);
          if (known !== undefined) return known;
          throw damagedKeras(`its layer "${name}" takes "${inbound}", which is none of the layers before it`);
        })
      : [last];
    if (type === "Sequential" || isFunctional(type)) {
      last = open({ type, config: inner }, inputs[0] ?? input, `${layerPath}/`, into);
    } else {
      if (name === "input" || into.layers.some((layer) => layer.name === name)) {
        throw unsupportedKeras(`two of its layers are called "${name}"`);
      }
      into.layers.push({ name, type, config: inner, inputs, path: layerPath });
      last = name;
    }
    stands.set(name, last);
  }
  if (!isFunctional(model.type)) return last;
  const outputs = tensorNames(config.output_layers);
  if (outputs.length !== 1) throw unsupportedKeras(`it has ${outputs.length} outputs`);
  return stands.get(outputs[0]) ?? last;
}

function noteShape(config: JsonObject, found: Opened["found"]): void {
  const stored = config.batch_input_shape ?? config.batch_shape;
  if (found.inputShape !== undefined || !Array.isArray(stored)) return;
  const dimensions: unknown[] = stored.slice(1);
  const shape = dimensions.filter((dimension) => typeof dimension === "number");
  if (shape.length < dimensions.length) {
    throw unsupportedKeras(
      `its input [${dimensions.map((dimension) => dimension ?? "any").join(", ")}] has no fixed size`,
    );
  }
  found.inputShape = shape;
}

/** The names of the layers that a layer takes, in the forms of Keras 2 (and tfjs) and of Keras 3. */
function inboundNames(nodes: unknown, layer: string): string[] {
  if (!Array.isArray(nodes) || nodes.length === 0) throw damagedKeras(`its layer "${layer}" takes nothing`);
  if (nodes.length > 1) throw unsupportedKeras(`its layer "${layer}" is used in several places`);
  const [node]: unknown[] = nodes;
  return isObject(node) ? historyNames(node.args) : tensorNames(node);
}

/** Keras 3: every {config: {keras_history: [name, …]}} within. */
function historyNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(historyNames);
  if (!isObject(value) || !isObject(value.config) || !Array.isArray(value.config.keras_history)) return [];
  return [String(value.config.keras_history[0])];
}

/** ["name", 0, 0], or a list of such. */
function tensorNames(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  if (typeof value[0] === "string") return [value[0]];
  return value.flatMap(tensorNames);
}

/** "conv2d" of "Conv2D", "batch_normalization" of "BatchNormalization", as Keras does it. */
function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
