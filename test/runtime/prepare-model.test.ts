import assert from "node:assert/strict";
import type { FusedActivation, Model, TensorData } from "../../src/model/model";
import { prepareModel } from "../../src/runtime/prepare-model";
import type { LiteRtArray } from "../support/litert";
import { runInFlow, runInLiteRt } from "../support/run-model";
import { Graph, quantized, wave } from "../tflite/models";

/* What becomes of a model before it runs. LiteRT runs the same file as it is. */

type Type = Model["operators"][number]["type"];

const CASES: { title: string; model: () => Model; operators: readonly Type[]; tensors?: number }[] = [
  {
    title: "an activation goes into the layer before it",
    model: () => chain((graph, from) => unary(graph, "RELU6", convolution(graph, from))),
    operators: ["CONV_2D"],
  },
  {
    title: "a factor and an offset per channel, and the activation after them, go into a convolution",
    model: () =>
      chain((graph, from) => {
        const scaled = binary(graph, "MUL", convolution(graph, from), constant(graph, [4], wave(4, 3)));
        return unary(graph, "RELU", binary(graph, "ADD", scaled, constant(graph, [1, 1, 1, 4], wave(4, 5))));
      }),
    operators: ["CONV_2D"],
    tensors: 4,
  },
  {
    title: "a factor that stands first, and a difference, go into a depthwise convolution",
    model: () =>
      chain((graph, from) => {
        const scaled = binary(graph, "MUL", constant(graph, [6], wave(6, 3)), depthwise(graph, from));
        return binary(graph, "SUB", scaled, constant(graph, [6], wave(6, 5)), "RELU");
      }),
    operators: ["DEPTHWISE_CONV_2D"],
  },
  {
    title: "a layer that has an activation already stays as it is",
    model: () =>
      chain((graph, from) => binary(graph, "MUL", convolution(graph, from, "RELU"), constant(graph, [4], wave(4)))),
    operators: ["CONV_2D", "MUL"],
  },
  {
    title: "a layer whose numbers another operator reads stays as it is",
    model: () =>
      chain((graph, from) => {
        const layer = convolution(graph, from);
        return binary(graph, "ADD", unary(graph, "RELU", layer), layer);
      }),
    operators: ["CONV_2D", "RELU", "ADD"],
  },
  {
    title: "an activation behind what was joined stays an operator",
    model: () =>
      chain((graph, from) => {
        const joined = graph.tensor({ name: "joined", type: "float32", shape: [1, 3, 3, 6] });
        const options = { axis: 3, activation: "NONE" as const };
        graph.operator({ type: "CONCATENATION", inputs: [from, from], outputs: [joined], options });
        return unary(graph, "RELU", joined);
      }),
    operators: ["CONCATENATION", "RELU"],
  },
  {
    title: "an offset that a picture differs in from place to place stays an operator",
    model: () =>
      chain((graph, from) => binary(graph, "ADD", convolution(graph, from), constant(graph, [3, 3, 4], wave(36)))),
    operators: ["CONV_2D", "ADD"],
  },
  {
    title: "what is computed from constants is computed once",
    model: () =>
      chain((graph, from) => {
        const factor = unary(graph, "RELU", constant(graph, [1, 1, 1, 3], wave(3)));
        return binary(graph, "ADD", from, binary(graph, "MUL", factor, constant(graph, [1, 1, 1, 3], wave(3, 2))));
      }),
    operators: ["ADD"],
    tensors: 3,
  },
  {
    title: "what nobody reads is left out",
    model: () =>
      chain((graph, from) => {
        unary(graph, "RELU", convolution(graph, from));
        return unary(graph, "TANH", from);
      }),
    operators: ["TANH"],
    tensors: 2,
  },
  {
    title: "float16 weights become floats",
    model: () =>
      chain((graph, from) => {
        // 0.5, −2, 1.5, the smallest subnormal, 0 and −0.25
        const data = Uint16Array.of(0x3800, 0xc000, 0x3e00, 0x0001, 0x0000, 0xb400);
        const half = graph.tensor({ name: "half", type: "float16", shape: [2, 3], data });
        const weights = graph.tensor({ name: "weights", type: "float32", shape: [2, 3] });
        graph.operator({ type: "DEQUANTIZE", inputs: [half], outputs: [weights], options: {} });
        return dense(graph, from, weights, 2);
      }),
    operators: ["FULLY_CONNECTED"],
    tensors: 4,
  },
];

describe("preparing a model", () => {
  for (const { title, model, operators, tensors } of CASES) {
    it(title, async () => {
      const original = model();
      const prepared = prepareModel(original);
      assert.deepEqual(
        prepared.operators.map(({ type }) => type),
        operators,
      );
      if (tensors !== undefined) assert.equal(prepared.tensors.length, tensors);
      const input = Float32Array.from(wave(27, 7), (value) => 8 * value);
      assertClose(run(original, input), (await runInLiteRt(original, [input]))[0], 1e-5);
    });
  }

  it("int8 weights of a float layer become floats, which LiteRT rounds its inputs for", async () => {
    const model = chain((graph, from) => {
      const data = Int8Array.from(wave(12), (value) => 127 * value);
      const scales = [0.01, 0.02, 0.03, 0.04].map(Math.fround);
      const quantization = { scales, zeroPoints: [0, 0, 0, 0], axis: 0 };
      const weights = graph.tensor({ name: "weights", type: "int8", shape: [4, 3], data, quantization });
      return dense(graph, from, weights, 4);
    });
    const input = Float32Array.from(wave(27, 7));
    assertClose(run(model, input), (await runInLiteRt(model, [input]))[0], 0.05);
  });

  it("int8 weights of a transposed convolution of floats become floats", () => {
    const model = chain((graph, from) => {
      const shape = graph.tensor({ name: "shape", type: "int32", shape: [4], data: Int32Array.of(1, 3, 3, 1) });
      const data = Int8Array.of(2, -4, 6);
      const weights = graph.tensor({
        name: "weights",
        type: "int8",
        shape: [1, 1, 1, 3],
        data,
        quantization: quantized(0.5, 0),
      });
      const output = graph.tensor({ name: "output", type: "float32", shape: [1, 3, 3, 1] });
      const options = { padding: "VALID", strideWidth: 1, strideHeight: 1, activation: "NONE" } as const;
      graph.operator({ type: "TRANSPOSE_CONV", inputs: [shape, weights, from], outputs: [output], options });
      return output;
    });
    const input = Float32Array.from({ length: 27 }, (_, i) => i % 3);
    assert.deepEqual(run(model, input), new Float32Array(9).fill(-2 + 2 * 3));
  });

  it("uint8 weights of a float convolution keep all their steps", () => {
    const model = chain((graph, from) => {
      const data = Uint8Array.of(255, 1, 0);
      const weights = graph.tensor({
        name: "weights",
        type: "uint8",
        shape: [1, 1, 1, 3],
        data,
        quantization: quantized(1, 0),
      });
      const output = graph.tensor({ name: "output", type: "float32", shape: [1, 3, 3, 1] });
      const options = { ...WINDOW, activation: "NONE" as const };
      graph.operator({ type: "CONV_2D", inputs: [from, weights], outputs: [output], options });
      return output;
    });
    const input = Float32Array.from({ length: 27 }, (_, i) => (i % 3 === 1 ? 1 : 0));
    assert.deepEqual(run(model, input), new Float32Array(9).fill(1));
  });

  it("types that no conversion fits to a kernel are refused", () => {
    const graph = new Graph();
    const input = graph.tensor({ name: "input", type: "uint8", shape: [3] });
    const axis = graph.tensor({ name: "axis", type: "int32", shape: [1], data: Int32Array.of(0) });
    const output = graph.tensor({ name: "output", type: "int32", shape: [] });
    graph.operator({ type: "ARG_MAX", inputs: [input, axis], outputs: [output], options: { outputType: "int32" } });
    assert.throws(() => prepareModel(graph.model([input], [output])), {
      code: "TINYML_MODEL_UNSUPPORTED",
      message: /operator ARG_MAX has tensors of the types uint8, int32, int32/,
    });
  });

  it("constants that a small file describes without end stay operators", () => {
    const graph = new Graph();
    const input = graph.tensor({ name: "input", type: "float32", shape: [1] });
    const shape = graph.tensor({ name: "shape", type: "int32", shape: [1], data: Int32Array.of(2 ** 20) });
    const value = graph.tensor({ name: "value", type: "float32", shape: [], data: Float32Array.of(1) });
    const filled = Array.from({ length: 8 }, () => {
      const output = graph.tensor({ name: "filled", type: "float32", shape: [2 ** 20] });
      graph.operator({ type: "FILL", inputs: [shape, value], outputs: [output], options: {} });
      return output;
    });
    const { operators } = prepareModel(graph.model([input], filled));
    // 4 of 4 MB each
    assert.equal(operators.length, 4);
  });

  it("uint8 is computed in int8, with inputs and outputs as they were", async () => {
    for (const [low, high] of [
      [40, 200],
      [0, 255],
    ] as const) {
      const model = legacy(low, high);
      const input = Uint8Array.from(wave(27, 7), (value) => 128 + 127 * value);
      assert.ok(prepareModel(model).operators.every(({ type }) => type !== "RELU"));
      const found = run(model, input);
      assert.ok(found instanceof Uint8Array);
      // XNNPACK rounds otherwise; test/conformance/uint8.test.ts compares with TensorFlow Lite's own kernels
      assertClose(found, (await runInLiteRt(model, [input]))[0], 1);
    }
  });
});

/** [1, 3, 3, 3] through what `build` adds. */
function chain(build: (graph: Graph, from: number) => number): Model {
  const graph = new Graph();
  const input = graph.tensor({ name: "input", type: "float32", shape: [1, 3, 3, 3] });
  return graph.model([input], [build(graph, input)]);
}

function constant(graph: Graph, shape: readonly number[], values: readonly number[]): number {
  return graph.tensor({ name: "constant", type: "float32", shape, data: Float32Array.from(values) });
}

function convolution(graph: Graph, from: number, activation: FusedActivation = "NONE"): number {
  const output = graph.tensor({ name: "convolution", type: "float32", shape: [1, 3, 3, 4] });
  const inputs = [from, constant(graph, [4, 2, 2, 3], wave(48)), constant(graph, [4], wave(4, 2))];
  graph.operator({ type: "CONV_2D", inputs, outputs: [output], options: { ...WINDOW, activation } });
  return output;
}

function depthwise(graph: Graph, from: number): number {
  const output = graph.tensor({ name: "depthwise", type: "float32", shape: [1, 3, 3, 6] });
  const inputs = [from, constant(graph, [1, 2, 2, 6], wave(24)), constant(graph, [6], wave(6, 2))];
  const options = { ...WINDOW, depthMultiplier: 2, activation: "NONE" as const };
  graph.operator({ type: "DEPTHWISE_CONV_2D", inputs, outputs: [output], options });
  return output;
}

const WINDOW = { padding: "SAME", strideWidth: 1, strideHeight: 1, dilationWidth: 1, dilationHeight: 1 } as const;

function dense(graph: Graph, from: number, weights: number, units: number): number {
  const output = graph.tensor({ name: "dense", type: "float32", shape: [9, units] });
  const inputs = [from, weights, constant(graph, [units], wave(units, 2))];
  graph.operator({ type: "FULLY_CONNECTED", inputs, outputs: [output], options: { activation: "NONE" } });
  return output;
}

function unary(graph: Graph, type: "RELU" | "RELU6" | "TANH", from: number): number {
  const output = graph.tensor({ name: type, type: "float32", shape: graph.tensors[from].shape });
  graph.operator({ type, inputs: [from], outputs: [output], options: {} });
  return output;
}

function binary(
  graph: Graph,
  type: "ADD" | "SUB" | "MUL",
  left: number,
  right: number,
  activation: FusedActivation = "NONE",
): number {
  const [a, b] = [graph.tensors[left].shape, graph.tensors[right].shape];
  const output = graph.tensor({ name: type, type: "float32", shape: a.length >= b.length ? a : b });
  const ends = { inputs: [left, right], outputs: [output] };
  if (type === "MUL") graph.operator({ type, ...ends, options: { activation } });
  else graph.operator({ type, ...ends, options: { activation, powerOfTwoScales: true } });
  return output;
}

/** A convolution as TensorFlow quantized it before 2020, with weights between two stored values. */
function legacy(low: number, high: number): Model {
  const graph = new Graph();
  const input = graph.tensor({ name: "input", type: "uint8", shape: [1, 3, 3, 3], quantization: quantized(0.02, 120) });
  const weights = graph.tensor({
    name: "weights",
    type: "uint8",
    shape: [4, 2, 2, 3],
    data: Uint8Array.from(wave(48), (value) => (low + high) / 2 + ((high - low) / 2) * value),
    quantization: quantized(0.01, 110),
  });
  const bias = graph.tensor({
    name: "bias",
    type: "int32",
    shape: [4],
    data: Int32Array.from(wave(4, 2), (value) => 2000 * value),
    quantization: quantized(Math.fround(0.02) * Math.fround(0.01), 0),
  });
  const output = graph.tensor({
    name: "output",
    type: "uint8",
    shape: [1, 3, 3, 4],
    quantization: quantized(0.1, 130),
  });
  const options = { ...WINDOW, activation: "RELU" as const };
  graph.operator({ type: "CONV_2D", inputs: [input, weights, bias], outputs: [output], options });
  return graph.model([input], [output]);
}

function run(model: Model, input: LiteRtArray): TensorData {
  return runInFlow(model, [input])[0];
}

function assertClose(found: TensorData, expected: LiteRtArray, tolerance: number): void {
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) => {
    const allowed = tolerance * Math.max(1, tolerance < 1e-3 ? Math.abs(value) : 1);
    assert.ok(Math.abs(Number(found[i]) - value) <= allowed, `number ${i} is ${found[i]}, not ${value}`);
  });
}
