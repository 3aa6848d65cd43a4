import * as fc from "fast-check";
import type { Metadata } from "../../src/model/metadata";
import type { FusedActivation, Model, Operator, Quantization, Tensor, TensorData } from "../../src/model/model";

/* Models for tests: some built by hand, and random ones. */

/** A graph under construction: `tensor` and `operator` give indices. */
export class Graph {
  readonly tensors: Tensor[] = [];
  readonly operators: Operator[] = [];

  tensor(tensor: Tensor): number {
    return this.tensors.push(tensor) - 1;
  }

  operator(operator: Operator): void {
    this.operators.push(operator);
  }

  model(inputs: readonly number[], outputs: readonly number[], more: Partial<Model> = {}): Model {
    return { description: "", tensors: this.tensors, operators: this.operators, inputs, outputs, ...more };
  }
}

/** Numbers between −1 and 1 that look random and are always the same. */
export function wave(length: number, seed = 1): number[] {
  return Array.from({ length }, (_, i) => Math.fround(Math.sin((i + 1) * 12.9898 * seed)));
}

/** One scale, rounded to what a file can hold, and one zero point. */
export function quantized(scale: number, zeroPoint: number): Quantization {
  return { scales: [Math.fround(scale)], zeroPoints: [zeroPoint], axis: 0 };
}

/** The book's network: 1-8-16-1, 177 parameters, relu between the layers. */
export function bookNetwork(): Model {
  const graph = new Graph();
  const input = graph.tensor({ name: "input", type: "float32", shape: [1, 1] });
  const output = [8, 16, 1].reduce((from, units, layer) => {
    const inputs = graph.tensors[from]?.shape[1] ?? 1;
    const last = layer === 2;
    const weights = wave(units * inputs, layer + 1);
    const to = graph.tensor({ name: last ? "output" : `dense${layer}`, type: "float32", shape: [1, units] });
    graph.operator({
      type: "FULLY_CONNECTED",
      inputs: [
        from,
        graph.tensor({ name: `w${layer}`, type: "float32", shape: [units, inputs], data: new Float32Array(weights) }),
        graph.tensor({ name: `b${layer}`, type: "float32", shape: [units], data: new Float32Array(wave(units, 0.3)) }),
      ],
      outputs: [to],
      options: { activation: last ? "NONE" : "RELU" },
    });
    return to;
  }, input);
  return graph.model([input], [output]);
}

/** A float layer of 3 to 4 with a fused activation, the following operator if one is given. */
export function floatModel(activation: FusedActivation, then?: "RELU" | "LOGISTIC" | "TANH" | "SOFTMAX"): Model {
  const graph = new Graph();
  const input = graph.tensor({ name: "input", type: "float32", shape: [1, 3] });
  const weights = graph.tensor({ name: "w", type: "float32", shape: [4, 3], data: new Float32Array(wave(12)) });
  const bias = graph.tensor({ name: "b", type: "float32", shape: [4], data: new Float32Array(wave(4, 2)) });
  const dense = graph.tensor({ name: "dense", type: "float32", shape: [1, 4] });
  graph.operator({
    type: "FULLY_CONNECTED",
    inputs: [input, weights, bias],
    outputs: [dense],
    options: { activation },
  });
  if (then === undefined) return graph.model([input], [dense]);
  const output = graph.tensor({ name: "output", type: "float32", shape: [1, 4] });
  if (then === "SOFTMAX") {
    graph.operator({ type: then, inputs: [dense], outputs: [output], options: { beta: 1.5 } });
  } else {
    graph.operator({ type: then, inputs: [dense], outputs: [output], options: {} });
  }
  return graph.model([input], [output]);
}

/** The same in int8. */
export function int8Model(activation: FusedActivation, then?: "RELU" | "LOGISTIC" | "TANH" | "SOFTMAX"): Model {
  const graph = new Graph();
  const input = graph.tensor({ name: "input", type: "int8", shape: [1, 3], quantization: quantized(2 / 255, -3) });
  const weights = graph.tensor({
    name: "w",
    type: "int8",
    shape: [4, 3],
    data: Int8Array.from(wave(12), (value) => Math.round(value * 127)),
    quantization: quantized(1 / 127, 0),
  });
  const biasScale = Math.fround(Math.fround(2 / 255) * Math.fround(1 / 127));
  const bias = graph.tensor({
    name: "b",
    type: "int32",
    shape: [4],
    data: Int32Array.from(wave(4, 2), (value) => Math.round(value / biasScale)),
    quantization: quantized(biasScale, 0),
  });
  const dense = graph.tensor({ name: "dense", type: "int8", shape: [1, 4], quantization: quantized(8 / 255, 5) });
  graph.operator({
    type: "FULLY_CONNECTED",
    inputs: [input, weights, bias],
    outputs: [dense],
    options: { activation },
  });
  if (then === undefined) return graph.model([input], [dense]);
  const quantization = {
    RELU: quantized(4 / 255, -128),
    LOGISTIC: PROBABILITY,
    TANH: TANH_OUTPUT,
    SOFTMAX: PROBABILITY,
  };
  const output = graph.tensor({ name: "output", type: "int8", shape: [1, 4], quantization: quantization[then] });
  if (then === "SOFTMAX") {
    graph.operator({ type: then, inputs: [dense], outputs: [output], options: { beta: 1.5 } });
  } else {
    graph.operator({ type: then, inputs: [dense], outputs: [output], options: {} });
  }
  return graph.model([input], [output]);
}

/** A network of pictures, 6 × 6 × 2, with every operator that they need, and all inner tensors on one scale in int8. */
export function pictureNetwork(int8: boolean): Model {
  const graph = new Graph();
  const type = int8 ? "int8" : "float32";
  const onScale = int8 ? { quantization: quantized(1 / 32, 3) } : {};
  const computed = (name: string, shape: number[]) => graph.tensor({ name, type, shape, ...onScale });
  const integers = (name: string, ...values: number[]) =>
    graph.tensor({ name, type: "int32", shape: [values.length], data: Int32Array.from(values) });
  const layer = (name: string, shape: number[], axis: number): number[] => {
    const channels = shape[axis] ?? 1;
    const values = wave(shape.reduce((product, dimension) => product * dimension, 1));
    const scales = Array.from({ length: channels }, (_, i) => Math.fround((1 + i) / 512));
    const biasScales = scales.map((scale) => Math.fround(scale / 32));
    const zeros = scales.map(() => 0);
    const weights = int8
      ? {
          type: "int8" as const,
          data: Int8Array.from(values, (value) => Math.round(127 * value)),
          quantization: { scales, zeroPoints: zeros, axis },
        }
      : { type: "float32" as const, data: new Float32Array(values) };
    const bias = int8
      ? {
          type: "int32" as const,
          data: Int32Array.from(zeros, (_, i) => 100 * i),
          quantization: { scales: biasScales, zeroPoints: zeros, axis: 0 },
        }
      : { type: "float32" as const, data: new Float32Array(wave(channels, 2)) };
    return [
      graph.tensor({ name: `${name}/weights`, shape, ...weights }),
      graph.tensor({ name: `${name}/bias`, shape: [channels], ...bias }),
    ];
  };
  const window = { strideWidth: 1, strideHeight: 1 };
  const dilation = { dilationWidth: 1, dilationHeight: 1 };
  const input = computed("input", [1, 6, 6, 2]);
  const conv = computed("conv", [1, 6, 6, 3]);
  graph.operator({
    type: "CONV_2D",
    inputs: [input, ...layer("conv", [3, 3, 3, 2], 0)],
    outputs: [conv],
    options: { padding: "SAME", ...window, ...dilation, activation: "RELU" },
  });
  const depthwise = computed("depthwise", [1, 4, 4, 6]);
  graph.operator({
    type: "DEPTHWISE_CONV_2D",
    inputs: [conv, ...layer("depthwise", [1, 2, 2, 6], 3)],
    outputs: [depthwise],
    options: {
      padding: "VALID",
      ...window,
      dilationWidth: 2,
      dilationHeight: 2,
      depthMultiplier: 2,
      activation: "NONE",
    },
  });
  const largest = computed("largest", [1, 2, 2, 6]);
  const pool = { padding: "SAME", filterWidth: 3, filterHeight: 2, activation: "NONE" } as const;
  graph.operator({
    type: "MAX_POOL_2D",
    inputs: [depthwise],
    outputs: [largest],
    options: { ...pool, strideWidth: 2, strideHeight: 2 },
  });
  const average = computed("average", [1, 2, 2, 6]);
  graph.operator({ type: "AVERAGE_POOL_2D", inputs: [largest], outputs: [average], options: { ...pool, ...window } });
  const reshaped = computed("reshaped", [1, 4, 6]);
  graph.operator({
    type: "RESHAPE",
    inputs: [average, integers("shape", -1, 4, 6)],
    outputs: [reshaped],
    options: { newShape: [1, 4, 6] },
  });
  const mean = computed("mean", [1, 1, 6]);
  graph.operator({
    type: "MEAN",
    inputs: [reshaped, integers("axes", -2)],
    outputs: [mean],
    options: { keepDims: true },
  });
  const output = graph.tensor({ name: "output", type, shape: [1, 1, 6], ...(int8 && { quantization: PROBABILITY }) });
  graph.operator({ type: "SOFTMAX", inputs: [mean], outputs: [output], options: { beta: 1 } });
  return graph.model([input], [output]);
}

const PROBABILITY = quantized(1 / 256, -128);
const TANH_OUTPUT = quantized(1 / 128, 0);

/** Metadata with everything in it, for a classifier of `inputs` channels into `labels`. */
export function classifierMetadata(inputs: number, labels: readonly string[]): Metadata {
  return {
    version: 1,
    name: "fruit by colour",
    task: "classification",
    inputs: Array.from({ length: inputs }, (_, i) => ({ name: `channel ${i}`, unit: "V", range: [0, 3.3] as const })),
    labels,
    features: [
      { block: "normalize", mean: Array.from({ length: inputs }, () => 0.5), deviation: wave(inputs).map(Math.abs) },
    ],
    recipe: { version: 1, layers: [{ type: "dense", units: 4 }] },
    report: {
      metric: "accuracy",
      epochs: 2,
      bestEpoch: 1,
      seconds: 0.25,
      trainingSamples: 75,
      validationSamples: 25,
      loss: 0.5,
      validationLoss: 0.75,
      validationMetric: 0.875,
      curve: { epoch: [1, 2], loss: [0.7, 0.5], validationLoss: [0.75, 0.8] },
    },
    compression: [{ method: "int8", calibrationSamples: 75 }],
  };
}

/** A classifier with our metadata, labels and a metadata buffer of someone else's. */
export function classifier(): Model {
  return {
    ...int8Model("RELU", "SOFTMAX"),
    description: "Names fruit — Obst",
    metadata: classifierMetadata(3, ["apple", "banana", "Kürbis 🎃", "other"]),
    otherMetadata: { min_runtime_version: new Uint8Array([49, 46, 53, 0]), empty: new Uint8Array() },
  };
}

/** What a model computes for one input per input tensor, in double precision and real numbers; outputs in real numbers. */
export function evaluate(model: Model, input: readonly number[]): number[] {
  const values = new Map<number, number[]>(model.inputs.map((index) => [index, store(model.tensors[index], input)]));
  const read = (index: number | undefined) =>
    values.get(index ?? -1) ?? real(model.tensors[index ?? -1], model.tensors[index ?? -1]?.data);
  for (const { type, inputs, outputs, options } of model.operators) {
    const x = read(inputs[0]);
    let y: number[];
    if (type === "FULLY_CONNECTED") {
      const [units = 0, width = 0] = model.tensors[inputs[1] ?? -1]?.shape ?? [];
      const weights = read(inputs[1]);
      const bias = read(inputs[2]);
      const limits = { NONE: [-Infinity, Infinity], RELU: [0, Infinity], RELU_N1_TO_1: [-1, 1], RELU6: [0, 6] };
      const [low = 0, high = 0] = limits[options.activation];
      y = Array.from({ length: (x.length / width) * units }, (_, i) => {
        const row = Math.floor(i / units) * width;
        const unit = i % units;
        const sum = x
          .slice(row, row + width)
          .reduce((total, value, k) => total + value * (weights[unit * width + k] ?? 0), 0);
        return Math.min(Math.max(sum + (bias[unit] ?? 0), low), high);
      });
    } else if (type === "SOFTMAX") {
      const powers = x.map((value) => Math.exp(value * options.beta));
      const sum = powers.reduce((total, value) => total + value, 0);
      y = powers.map((value) => value / sum);
    } else if (type !== "RELU" && type !== "LOGISTIC" && type !== "TANH") {
      throw new Error(`${type} is not evaluated here`);
    } else {
      const map = {
        RELU: (v: number) => Math.max(v, 0),
        LOGISTIC: (v: number) => 1 / (1 + Math.exp(-v)),
        TANH: Math.tanh,
      };
      y = x.map(map[type]);
    }
    values.set(outputs[0] ?? -1, store(model.tensors[outputs[0] ?? -1], y));
  }
  return read(model.outputs[0]);
}

/** Real numbers as an int8 tensor would hold them; unchanged for float tensors. */
function store(tensor: Tensor | undefined, values: readonly number[]): number[] {
  return tensor?.type === "int8" ? real(tensor, quantize(tensor, values)) : [...values];
}

/** Real numbers as an int8 tensor's elements. */
export function quantize(tensor: Tensor | undefined, values: readonly number[]): Int8Array {
  const [scale = 1, zeroPoint = 0] = [tensor?.quantization?.scales[0], tensor?.quantization?.zeroPoints[0]];
  return Int8Array.from(values, (value) => Math.min(Math.max(Math.round(value / scale) + zeroPoint, -128), 127));
}

function real(tensor: Tensor | undefined, data: TensorData | undefined): number[] {
  const [scale = 1, zeroPoint = 0] = [tensor?.quantization?.scales[0], tensor?.quantization?.zeroPoints[0]];
  if (data === undefined || data instanceof BigInt64Array) return [];
  return Array.from(data, (value) => scale * (value - zeroPoint));
}

/** Objects as literals make them: the reader's have prototypes too. */
const PLAIN = { noNullPrototype: true };

const anyName = fc.string({ unit: "grapheme", maxLength: 12 });
const anyScale = fc.float({ min: Math.fround(1e-6), max: 100, noNaN: true });
const anyZeroPoint = fc.integer({ min: -128, max: 127 });
const anyQuantization = fc.record(
  {
    scales: anyScale.map((scale) => [scale]),
    zeroPoints: anyZeroPoint.map((zeroPoint) => [zeroPoint]),
    axis: fc.constant(0),
  },
  PLAIN,
);

const anyLayer = fc.record(
  {
    type: fc.constantFrom("FULLY_CONNECTED", "RELU", "LOGISTIC", "TANH", "SOFTMAX"),
    units: fc.integer({ min: 1, max: 6 }),
    activation: fc.constantFrom<FusedActivation>("NONE", "RELU", "RELU_N1_TO_1", "RELU6"),
    bias: fc.constantFrom("constant", "absent", "left out"),
    keepNumDims: fc.boolean(),
    beta: fc.float({ min: Math.fround(0.01), max: 10, noNaN: true }),
    name: anyName,
    numbers: fc.array(fc.float(), { minLength: 1, maxLength: 6 }),
    quantization: anyQuantization,
  },
  PLAIN,
);

const anySignatureTensors = fc.array(fc.record({ name: fc.string(), tensor: fc.constant(0) }, PLAIN), { maxLength: 2 });
const anySignature = fc.record({ key: fc.string(), inputs: anySignatureTensors, outputs: anySignatureTensors }, PLAIN);

/** What a file says of a tensor besides what is computed with. */
const anyTensorExtras = fc.record(
  {
    hasRank: fc.constant<true>(true),
    shapeSignature: fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 4 }),
    range: fc.record({ minimum: fc.constant([-1.5]), maximum: fc.constant([2]) }, PLAIN),
  },
  { requiredKeys: [], ...PLAIN },
);

/** Random chains of every operator this package knows, in float32 or int8, with odd names, metadata and numbers. */
export const anyModel: fc.Arbitrary<Model> = fc
  .record(
    {
      type: fc.constantFrom("float32", "int8"),
      shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      quantization: anyQuantization,
      layers: fc.array(anyLayer, { maxLength: 5 }),
      description: anyName,
      otherMetadata: fc.option(
        fc.dictionary(anyName, fc.uint8Array({ maxLength: 20 }), { minKeys: 1, maxKeys: 3, ...PLAIN }),
      ),
      graphName: fc.option(fc.string({ minLength: 1, maxLength: 9 })),
      signatures: fc.array(anySignature, { maxLength: 2 }),
      associatedFiles: fc.option(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}\.txt$/), fc.uint8Array({ maxLength: 20 }), {
          minKeys: 1,
          maxKeys: 3,
          ...PLAIN,
        }),
      ),
      extras: anyTensorExtras,
      version: fc.option(fc.integer({ min: 2, max: 3 })),
      withMetadata: fc.boolean(),
      labels: fc.array(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 6, maxLength: 6 }),
    },
    PLAIN,
  )
  .map(({ type, shape, quantization, layers, description, withMetadata, labels, ...file }) => {
    const { otherMetadata, graphName, signatures, associatedFiles, extras, version } = file;
    const graph = new Graph();
    const int8 = type === "int8";
    const scaled = (found: Quantization) => (int8 ? { quantization: found } : {});
    const input = graph.tensor({
      name: "input",
      type: int8 ? "int8" : "float32",
      shape,
      ...scaled(quantization),
      ...extras,
    });
    const output = layers.reduce((from, layer) => addLayer(graph, from, layer, int8), input);
    const numbers = graph.tensors[output]?.shape.at(-1) ?? 1;
    if (version !== null)
      graph.operators.forEach((operator, i) => {
        // the rows of this package that have three versions, and in int8 use the second
        if (operator.type !== "FULLY_CONNECTED" && (!int8 || version === 3))
          graph.operators[i] = { ...operator, version };
      });
    return graph.model([input], [output], {
      description,
      ...(otherMetadata && { otherMetadata }),
      ...(graphName !== null && { graphName }),
      ...(signatures.length > 0 && { signatures }),
      ...(associatedFiles && { associatedFiles }),
      ...(withMetadata && {
        metadata: classifierMetadata(
          2,
          Array.from({ length: numbers }, (_, i) => labels[i] ?? "?"),
        ),
      }),
    });
  });

type AnyLayer = typeof anyLayer extends fc.Arbitrary<infer Layer> ? Layer : never;

function addLayer(graph: Graph, from: number, layer: AnyLayer, int8: boolean): number {
  const shape = graph.tensors[from]?.shape ?? [];
  const type = int8 ? "int8" : "float32";
  const at = (i: number) => layer.numbers[i % layer.numbers.length] ?? 0;
  const computed = (name: string, of: readonly number[], quantization: Quantization) =>
    graph.tensor({ name, type, shape: of, ...(int8 && { quantization }) });
  if (layer.type !== "FULLY_CONNECTED") {
    const fixed = { RELU: layer.quantization, LOGISTIC: PROBABILITY, TANH: TANH_OUTPUT, SOFTMAX: PROBABILITY };
    const to = computed(layer.name, shape, fixed[layer.type]);
    if (layer.type === "SOFTMAX") {
      graph.operator({ type: "SOFTMAX", inputs: [from], outputs: [to], options: { beta: layer.beta } });
    } else {
      graph.operator({ type: layer.type, inputs: [from], outputs: [to], options: {} });
    }
    return to;
  }
  const width = shape.at(-1) ?? 1;
  const count = layer.units * width;
  const weights = graph.tensor({
    name: layer.name,
    type,
    shape: [layer.units, width],
    data: int8
      ? Int8Array.from({ length: count }, (_, i) => at(i) * 127)
      : Float32Array.from({ length: count }, (_, i) => at(i)),
    ...(int8 && { quantization: quantized(1 / 127, 0) }),
  });
  const inputs = [from, weights];
  if (layer.bias === "constant") {
    const scale = Math.fround((graph.tensors[from]?.quantization?.scales[0] ?? 1) * Math.fround(1 / 127));
    const data = int8 ? new Int32Array(layer.units).fill(7) : new Float32Array(layer.units).fill(at(1));
    inputs.push(
      graph.tensor({
        name: "",
        type: int8 ? "int32" : "float32",
        shape: [layer.units],
        data,
        ...(int8 && { quantization: quantized(scale, 0) }),
      }),
    );
  }
  if (layer.bias === "left out") inputs.push(-1);
  const flat = [shape.slice(0, -1).reduce((product, dimension) => product * dimension, 1), layer.units];
  const to = computed("dense", layer.keepNumDims ? [...shape.slice(0, -1), layer.units] : flat, layer.quantization);
  graph.operator({
    type: "FULLY_CONNECTED",
    inputs,
    outputs: [to],
    options: { activation: layer.activation, ...(layer.keepNumDims && { keepNumDims: true as const }) },
  });
  return to;
}
