import { TinymlError } from "../errors";
import type { FusedActivation, Model, Operator, Tensor } from "../model/model";
import { elementCount } from "../model/tensor";
import { transposed } from "../model/transposed";
import type { JsonObject } from "./keras-model";

/** A tfjs LayersModel as files. */
export interface TfjsFiles {
  "model.json": string;
  "weights.bin": Uint8Array;
}

/** A layer of Keras with its weights, in Keras's layout. */
interface KerasLayer {
  type: string;
  config: JsonObject;
  weights?: Readonly<Record<string, { shape: readonly number[]; data: Float32Array }>>;
}

/**
 * A float model as a tfjs LayersModel: a Functional model with a layer or two for each operator. Our metadata (labels, features,
 * recipe) goes along as `userDefinedMetadata`; tfjs passes it on and computes no features.
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED for a quantized model or an operator that Keras has no layer for
 */
export function writeTfjs(model: Model): TfjsFiles {
  const input = onlyOne(model.inputs, "inputs");
  const output = onlyOne(model.outputs, "outputs");
  if (model.tensors[input].type !== "float32") refuse("it is quantized; export the float model that it was made from");
  const names = new Map([[input, "input"]]);
  const layers: JsonObject[] = [
    {
      class_name: "InputLayer",
      name: "input",
      config: { name: "input", batch_input_shape: [null, ...model.tensors[input].shape.slice(1)], dtype: "float32" },
      inbound_nodes: [],
    },
  ];
  const specs: JsonObject[] = [];
  const parts: Float32Array[] = [];
  for (const operator of model.operators) {
    let from = operator.inputs
      .filter((index) => index >= 0 && model.tensors[index].data === undefined)
      .map((index) => names.get(index) ?? refuse(`${operator.type} takes what no layer gives`));
    for (const { type, config, weights = {} } of layersOf(model, operator)) {
      const name = `layer_${layers.length}`;
      const node = from.map((each) => [each, 0, 0, {}]);
      layers.push({ class_name: type, name, config: { name, trainable: true, ...config }, inbound_nodes: [node] });
      for (const [weight, { shape, data }] of Object.entries(weights)) {
        specs.push({ name: `${name}/${weight}`, shape, dtype: "float32" });
        parts.push(data);
      }
      from = [name];
    }
    names.set(operator.outputs[0], from[0]);
  }
  const json = {
    format: "layers-model",
    generatedBy: "TinyML Flows",
    convertedBy: null,
    ...(model.metadata && { userDefinedMetadata: { TINYML_FLOWS: model.metadata } }),
    modelTopology: {
      class_name: "Model",
      config: {
        name: "model",
        layers,
        input_layers: [["input", 0, 0]],
        output_layers: [[names.get(output) ?? "input", 0, 0]],
      },
      keras_version: "2.13.0",
      backend: "tensorflow",
    },
    weightsManifest: [{ paths: ["weights.bin"], weights: specs }],
  };
  return { "model.json": `${JSON.stringify(json)}\n`, "weights.bin": littleEndian(parts) };
}

function refuse(what: string): never {
  throw new TinymlError("TINYML_MODEL_UNSUPPORTED", `The model can't be exported to tfjs: ${what}.`);
}

function onlyOne(indices: readonly number[], what: string): number {
  if (indices.length !== 1) refuse(`it has ${indices.length} ${what}`);
  return indices[0];
}

/** Keras's names of fused activations. */
const FUSED: Readonly<Record<FusedActivation, string | undefined>> = {
  NONE: "linear",
  RELU: "relu",
  RELU6: "relu6",
  RELU_N1_TO_1: undefined,
};

/** Keras's names of activations that are operators of their own. */
const ACTIVATIONS: { readonly [Type in Operator["type"]]?: string } = {
  RELU: "relu",
  RELU6: "relu6",
  ELU: "elu",
  LOGISTIC: "sigmoid",
  TANH: "tanh",
  SOFTMAX: "softmax",
};

/** The layers that do what an operator does, one behind the other. */
function layersOf({ tensors }: Model, operator: Operator): readonly KerasLayer[] {
  const [input, second, third = -1] = operator.inputs;
  const from = tensors[input];
  const to = tensors[operator.outputs[0]];
  const activation = ACTIVATIONS[operator.type];
  if (activation !== undefined) return [{ type: "Activation", config: { activation } }];
  switch (operator.type) {
    case "FULLY_CONNECTED": {
      const [units, width] = tensors[second].shape;
      const flatten = elementCount(from.shape.slice(1)) === width && from.shape.length > 2;
      return [
        ...(flatten ? [{ type: "Flatten", config: {} }] : []),
        {
          type: "Dense",
          config: { units, activation: fused(operator.options.activation), use_bias: third >= 0 },
          weights: { kernel: { shape: [width, units], data: turned(tensors[second], units) }, ...bias(tensors[third]) },
        },
      ];
    }
    case "CONV_2D": {
      const [filters, height, width, channels] = tensors[second].shape;
      if (channels !== from.shape[3]) refuse("CONV_2D has groups");
      const kernel = { shape: [height, width, channels, filters], data: turned(tensors[second], filters) };
      return [
        {
          type: "Conv2D",
          config: { filters, ...convolution(operator, [height, width]), use_bias: third >= 0 },
          weights: { kernel, ...bias(tensors[third]) },
        },
      ];
    }
    case "DEPTHWISE_CONV_2D": {
      const [, height, width] = tensors[second].shape;
      const { depthMultiplier } = operator.options;
      const shape = [height, width, from.shape[3], depthMultiplier];
      return [
        {
          type: "DepthwiseConv2D",
          config: {
            depth_multiplier: depthMultiplier,
            ...convolution(operator, [height, width]),
            use_bias: third >= 0,
          },
          weights: { depthwise_kernel: { shape, data: floats(tensors[second]) }, ...bias(tensors[third]) },
        },
      ];
    }
    case "MAX_POOL_2D":
    case "AVERAGE_POOL_2D": {
      const { filterHeight, filterWidth, strideHeight, strideWidth, padding, activation } = operator.options;
      const type = operator.type === "MAX_POOL_2D" ? "MaxPooling2D" : "AveragePooling2D";
      const config = {
        pool_size: [filterHeight, filterWidth],
        strides: [strideHeight, strideWidth],
        padding: padding.toLowerCase(),
      };
      return [{ type, config }, ...behind(activation)];
    }
    case "MEAN":
    case "REDUCE_MAX": {
      const axes = [...Array.from(tensors[second].data ?? [], Number)].sort().join();
      const rank =
        axes === "1,2" && from.shape.length === 4 ? "2D" : axes === "1" && from.shape.length === 3 ? "1D" : undefined;
      if (rank === undefined) refuse(`${operator.type} over the dimensions ${axes}`);
      const reshape = { type: "Reshape", config: { target_shape: to.shape.slice(1) } };
      const pool = { type: `Global${operator.type === "MEAN" ? "Average" : "Max"}Pooling${rank}`, config: {} };
      return operator.options.keepDims ? [pool, reshape] : [pool];
    }
    case "RESHAPE":
    case "SQUEEZE":
    case "EXPAND_DIMS":
      return [{ type: "Reshape", config: { target_shape: to.shape.slice(1) } }];
    case "LEAKY_RELU":
      return [{ type: "LeakyReLU", config: { alpha: operator.options.alpha } }];
    case "PAD": {
      const pairs = paddings(tensors[second]);
      if (from.shape.length !== 4 || pairs[0].some(Boolean) || pairs[3].some(Boolean))
        refuse("PAD of other dimensions");
      return [{ type: "ZeroPadding2D", config: { padding: pairs.slice(1, 3) } }];
    }
    case "CONCATENATION":
      return [{ type: "Concatenate", config: { axis: operator.options.axis } }];
    case "ADD":
    case "MUL": {
      const constant = [tensors[input], tensors[second]].find(({ data }) => data !== undefined);
      if (constant !== undefined) return [scaling(operator.type, constant, to), ...behind(operator.options.activation)];
      return [
        { type: operator.type === "ADD" ? "Add" : "Multiply", config: {} },
        ...behind(operator.options.activation),
      ];
    }
    default:
      return refuse(`Keras has no layer for ${operator.type}`);
  }
}

/** A factor or an offset for each channel, as a normalization that changes nothing else. */
function scaling(type: "ADD" | "MUL", constant: Tensor, to: Tensor): KerasLayer {
  const channels = to.shape[to.shape.length - 1];
  const values = floats(constant);
  if (values.length !== channels && values.length !== 1) refuse(`${type} with a constant for each place`);
  const filled = (value: number) => ({ shape: [channels], data: new Float32Array(channels).fill(value) });
  const given = { shape: [channels], data: values.length === 1 ? filled(values[0]).data : values };
  return {
    type: "BatchNormalization",
    config: { axis: -1, epsilon: 0, center: true, scale: true },
    weights: {
      gamma: type === "MUL" ? given : filled(1),
      beta: type === "ADD" ? given : filled(0),
      moving_mean: filled(0),
      moving_variance: filled(1),
    },
  };
}

function convolution(
  { options }: Extract<Operator, { type: "CONV_2D" | "DEPTHWISE_CONV_2D" }>,
  kernelSize: readonly number[],
): JsonObject {
  return {
    kernel_size: kernelSize,
    strides: [options.strideHeight, options.strideWidth],
    dilation_rate: [options.dilationHeight, options.dilationWidth],
    padding: options.padding.toLowerCase(),
    activation: fused(options.activation),
    data_format: "channels_last",
  };
}

function fused(activation: FusedActivation): string {
  return FUSED[activation] ?? refuse(`the activation ${activation}`);
}

function behind(activation: FusedActivation): readonly KerasLayer[] {
  return activation === "NONE" ? [] : [{ type: "Activation", config: { activation: fused(activation) } }];
}

function bias(tensor: Tensor | undefined): KerasLayer["weights"] {
  return tensor === undefined ? {} : { bias: { shape: tensor.shape, data: floats(tensor) } };
}

function floats({ name, data }: Tensor): Float32Array {
  return data instanceof Float32Array ? data : refuse(`the weights "${name}" are no floats`);
}

/** [outputs, inputs] as [inputs, outputs]. */
function turned(tensor: Tensor, outputs: number): Float32Array {
  const data = floats(tensor);
  return data.map(transposed(data, outputs, data.length / outputs));
}

function paddings({ data }: Tensor): number[][] {
  const all = Array.from(data ?? [], Number);
  return Array.from({ length: all.length / 2 }, (_, i) => all.slice(2 * i, 2 * i + 2));
}

function littleEndian(parts: readonly Float32Array[]): Uint8Array {
  const bytes = new Uint8Array(4 * parts.reduce((sum, part) => sum + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    for (const value of part) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  return bytes;
}
