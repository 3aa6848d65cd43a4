import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Builder } from "flatbuffers";
import { createRandom } from "../../src/dataset/random";
import { TinymlError } from "../../src/errors";
import { checkModel } from "../../src/model/check";
import type { Model, Operator, Tensor } from "../../src/model/model";
import { loadModel } from "../../src/runtime/load-model";
import { isTflite } from "../../src/tflite/is-tflite";
import { readTflite } from "../../src/tflite/read-tflite";
import { BUFFER, MODEL, OPERATOR, OPERATOR_CODE, QUANTIZATION, SUBGRAPH, TENSOR } from "../../src/tflite/schema";
import { writeTflite } from "../../src/tflite/write-tflite";
import { anyStream } from "../conformance/operators/streaming";
import { damage } from "./damage";
import { bookNetwork, classifier, floatModel, Graph, int8Model, pictureNetwork, quantized } from "./models";

const MUTATIONS = 10_000;

/** The model with one tensor changed. */
function withTensor(model: Model, index: number, change: Partial<Tensor>): Model {
  return { ...model, tensors: model.tensors.map((tensor, i) => (i === index ? { ...tensor, ...change } : tensor)) };
}

/** A file whose bytes were changed at the one place where `pattern` stands, counted from the pattern's start. */
function patched(bytes: Uint8Array, pattern: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  const at = Buffer.from(copy).indexOf(pattern);
  assert.ok(at >= 0);
  change(new DataView(copy.buffer, at));
  return copy;
}

function floatBytes(...values: number[]): Uint8Array {
  return new Uint8Array(new Float32Array(values).buffer);
}

function int64Bytes(value: number): Uint8Array {
  return new Uint8Array(new BigInt64Array([BigInt(value)]).buffer);
}

/** The vectors of a file that is built by hand; absent ones are left out. */
interface RawParts {
  tensors?: number;
  operators?: number;
  inputs?: number;
  outputs?: number;
  buffers?: number;
  codes?: number;
}

function rawFile(build: (builder: Builder) => RawParts, { version = 3, graphs = 1 } = {}): Uint8Array {
  const builder = new Builder();
  const { tensors = 0, operators = 0, inputs = 0, outputs = 0, buffers = 0, codes = 0 } = build(builder);
  builder.startObject(Object.keys(SUBGRAPH).length);
  builder.addFieldOffset(SUBGRAPH.tensors, tensors, 0);
  builder.addFieldOffset(SUBGRAPH.operators, operators, 0);
  builder.addFieldOffset(SUBGRAPH.inputs, inputs, 0);
  builder.addFieldOffset(SUBGRAPH.outputs, outputs, 0);
  const subgraphs = repeated(builder, builder.endObject(), graphs);
  builder.startObject(Object.keys(MODEL).length);
  builder.addFieldInt32(MODEL.version, version, 0);
  builder.addFieldOffset(MODEL.subgraphs, subgraphs, 0);
  builder.addFieldOffset(MODEL.buffers, buffers, 0);
  builder.addFieldOffset(MODEL.operator_codes, codes, 0);
  builder.finish(builder.endObject(), "TFL3");
  return builder.asUint8Array().slice();
}

function int32s(builder: Builder, ...values: number[]): number {
  builder.startVector(4, values.length, 4);
  for (const value of values.toReversed()) builder.addInt32(value);
  return builder.endVector();
}

interface RawTensor {
  type?: number;
  buffer?: number;
  variable?: boolean;
  /** A field of tables by name, with an empty table in it. */
  table?: "sparsity" | "quantization";
  details?: number;
  external?: number;
}

function rawTensor(builder: Builder, { type = 0, buffer = 0, variable, table, details = 0, external = 0 }: RawTensor) {
  const shape = int32s(builder, 1, 2);
  builder.startObject(Object.keys(QUANTIZATION).length);
  builder.addFieldInt8(QUANTIZATION.details_type, details, 0);
  const inner = builder.endObject();
  builder.startObject(Object.keys(TENSOR).length);
  builder.addFieldOffset(TENSOR.shape, shape, 0);
  builder.addFieldInt8(TENSOR.type, type, 0);
  builder.addFieldInt32(TENSOR.buffer, buffer, 0);
  builder.addFieldInt8(TENSOR.is_variable, variable ? 1 : 0, 0);
  if (table !== undefined) builder.addFieldOffset(TENSOR[table], inner, 0);
  builder.addFieldInt32(TENSOR.external_buffer, external, 0);
  return builder.endObject();
}

interface RawOperator {
  /** builtin_code and deprecated_builtin_code. */
  code?: number;
  oldCode?: number;
  custom?: string;
  version?: number;
  union?: number;
  /** The options' one byte fields by slot. */
  options?: Record<number, number>;
}

/** A file of one operator between two float tensors of the shape [1, 2]. */
function rawOperator(operator: RawOperator, tensor: RawTensor = {}): Uint8Array {
  return rawFile((builder) => {
    const buffers = repeated(builder, rawBuffer(builder), 1);
    const tensors = repeated(builder, rawTensor(builder, tensor), 2);
    const custom = builder.createSharedString(operator.custom ?? "");
    builder.startObject(Object.keys(OPERATOR_CODE).length);
    builder.addFieldInt8(OPERATOR_CODE.deprecated_builtin_code, operator.oldCode ?? 0, 0);
    builder.addFieldInt32(OPERATOR_CODE.builtin_code, operator.code ?? 0, 0);
    builder.addFieldInt32(OPERATOR_CODE.version, operator.version ?? 1, 1);
    builder.addFieldOffset(OPERATOR_CODE.custom_code, custom, 0);
    const codes = repeated(builder, builder.endObject(), 1);
    const inputs = int32s(builder, 0);
    const outputs = int32s(builder, 1);
    builder.startObject(16);
    for (const [slot, value] of Object.entries(operator.options ?? {})) builder.addFieldInt8(Number(slot), value, 0);
    const options = builder.endObject();
    builder.startObject(Object.keys(OPERATOR).length);
    builder.addFieldOffset(OPERATOR.inputs, inputs, 0);
    builder.addFieldOffset(OPERATOR.outputs, outputs, 0);
    builder.addFieldInt8(OPERATOR.builtin_options_type, operator.union ?? 0, 0);
    builder.addFieldOffset(OPERATOR.builtin_options, options, 0);
    const operators = repeated(builder, builder.endObject(), 1);
    return { tensors, operators, inputs, outputs, buffers, codes };
  });
}

function rawBuffer(builder: Builder, offset = 0, size = 0): number {
  builder.startObject(Object.keys(BUFFER).length);
  builder.addFieldInt64(BUFFER.offset, BigInt(offset), 0n);
  builder.addFieldInt64(BUFFER.size, BigInt(size), 0n);
  return builder.endObject();
}

function repeated(builder: Builder, offset: number, times: number): number {
  builder.startVector(4, times, 4);
  for (let i = 0; i < times; i += 1) builder.addOffset(offset);
  return builder.endVector();
}

/** The model with other numbers in the int32 constant of this name. */
function withConstant(model: Model, name: string, ...values: number[]): Model {
  const index = model.tensors.findIndex((tensor) => tensor.name === name);
  return withTensor(model, index, { shape: [values.length], data: Int32Array.from(values) });
}

describe("hostile .tflite files", () => {
  it("are not taken for models when they are something else", () => {
    for (const value of [undefined, null, "TFL3", [], new Uint8Array(), Buffer.from("....TFL2"), new Uint8Array(7)]) {
      assert.equal(isTflite(value), false);
    }
    assert.equal(isTflite(Buffer.from("....TFL3")), true);
    assert.throws(() => readTflite(Buffer.from("not a model")), {
      code: "TINYML_MODEL_INVALID",
      message: /not a \.tflite/,
    });
  });

  it("end in an error wherever they are cut", () => {
    const bytes = writeTflite(classifier(), { metadata: false });
    for (let length = 0; length < bytes.length - 16; length += 1) {
      assert.throws(() => readTflite(bytes.subarray(0, length)), TinymlError, `cut at ${length}`);
    }
  });

  it(`end in a model that is whole, or in an error with a code (${MUTATIONS} mutations)`, () => {
    const files = [
      writeTflite(bookNetwork()),
      writeTflite(classifier()),
      writeTflite(int8Model("RELU6", "TANH")),
      writeTflite(pictureNetwork(false)),
      writeTflite(pictureNetwork(true)),
    ];
    for (let seed = 0; seed < MUTATIONS; seed += 1) {
      const bytes = damage(files[seed % files.length] ?? new Uint8Array(), createRandom(seed));
      let model: Model;
      try {
        model = readTflite(bytes);
      } catch (error) {
        assert.ok(error instanceof TinymlError, `seed ${seed}: ${error instanceof Error ? error.stack : error}`);
        continue;
      }
      assert.deepEqual(readTflite(writeTflite(model)), model, `seed ${seed}`);
    }
  });

  it("are refused where neither a kernel nor a conversion knows their types", () => {
    const shape = [4, 5];
    const model: Model = {
      description: "",
      tensors: [
        { name: "input", type: "uint8", shape },
        { name: "output", type: "uint8", shape },
      ],
      operators: [
        { type: "ADD", inputs: [0, 0], outputs: [1], options: { activation: "NONE", powerOfTwoScales: false } },
      ],
      inputs: [0],
      outputs: [1],
    };
    assert.throws(() => loadModel(model), { code: "TINYML_MODEL_UNSUPPORTED", message: /ADD.*uint8/ });
  });

  it("have stored weights converted, whichever input of the operator they are", () => {
    const weights = { name: "weights", type: "int8", shape: [1, 1, 1, 1], data: Int8Array.of(3) } as const;
    const model: Model = {
      description: "",
      tensors: [
        { name: "shape", type: "int32", shape: [4], data: Int32Array.of(1, 1, 1, 1) },
        { ...weights, quantization: quantized(0.5, 0) },
        { name: "input", type: "float32", shape: [1, 1, 1, 1] },
        { name: "output", type: "float32", shape: [1, 1, 1, 1] },
      ],
      operators: [
        {
          type: "TRANSPOSE_CONV",
          inputs: [0, 1, 2],
          outputs: [3],
          options: { padding: "SAME", strideWidth: 1, strideHeight: 1, activation: "NONE" },
        },
      ],
      inputs: [2],
      outputs: [3],
    };
    const loaded = loadModel(model);
    assert.deepEqual(loaded.run([Float32Array.of(2)]), [Float32Array.of(3)]);
    loaded.dispose();
  });

  it("name what is wrong with a window, axes or a shape", () => {
    const model = pictureNetwork(true);
    const change = (index: number, options: object): Model => ({
      ...model,
      // options that TypeScript would refuse are the point
      operators: model.operators.map((operator, i) =>
        i === index ? ({ ...operator, options: { ...operator.options, ...options } } as Operator) : operator,
      ),
    });
    const wrong: [model: Model, message: RegExp][] = [
      [change(0, { strideWidth: 0 }), /CONV_2D.*strideWidth must be a whole number above 0/],
      [change(0, { dilationHeight: -1 }), /CONV_2D.*dilationHeight/],
      [change(0, { padding: "VALID" }), /CONV_2D.*shape is \[1,6,6,3\], the operator's \[1,4,4,3\]/],
      [change(1, { dilationWidth: 2 ** 30 }), /DEPTHWISE_CONV_2D.*does not fit/],
      [change(1, { depthMultiplier: 3 }), /DEPTHWISE_CONV_2D.*depthMultiplier 3/],
      [change(2, { filterWidth: 0 }), /MAX_POOL_2D.*window/],
      [change(3, { strideHeight: 2 ** 31 - 1 }), /AVERAGE_POOL_2D.*does not fit/],
      [withTensor(model, 0, { shape: [6, 6, 2] }), /CONV_2D.*four dimensions/],
      [withTensor(model, 0, { shape: [1, 6, 6, 5] }), /CONV_2D.*5 channels/],
      [withTensor(model, 8, { quantization: quantized(1, 0) }), /POOL_2D.*same scale/],
      [withConstant(model, "axes", 3), /MEAN.*no axis 3/],
      [withConstant(model, "shape", -1, 5, 5), /RESHAPE.*can't take the shape/],
    ];
    for (const [damaged, message] of wrong) {
      assert.throws(() => checkModel(damaged), { code: "TINYML_MODEL_INVALID", message });
    }
  });

  it("can't make the reader visit one part again and again", () => {
    const sharedTensor = rawFile((builder) => {
      const name = builder.createString("x".repeat(100_000));
      builder.startObject(Object.keys(TENSOR).length);
      builder.addFieldOffset(TENSOR.name, name, 0);
      return { tensors: repeated(builder, builder.endObject(), 100_000) };
    });
    const sharedConstant = rawFile((builder) => {
      const data = builder.createByteVector(new Uint8Array(4 * 8192));
      builder.startObject(Object.keys(BUFFER).length);
      builder.addFieldOffset(BUFFER.data, data, 0);
      const buffer = builder.endObject();
      const tensors = Array.from({ length: 256 }, (_, i) => {
        builder.startVector(4, 1, 4);
        builder.addInt32(8192);
        const shape = builder.endVector();
        builder.startObject(Object.keys(TENSOR).length);
        builder.addFieldOffset(TENSOR.shape, shape, 0);
        builder.addFieldInt32(TENSOR.buffer, i, 0);
        return builder.endObject();
      });
      const buffers = repeated(builder, buffer, 256);
      builder.startVector(4, tensors.length, 4);
      for (const tensor of tensors) builder.addOffset(tensor);
      return { tensors: builder.endVector(), buffers };
    });
    const started = performance.now();
    assert.throws(() => readTflite(sharedTensor), { code: "TINYML_MODEL_INVALID", message: /over and over/ });
    assert.throws(() => readTflite(sharedConstant), { code: "TINYML_MODEL_INVALID", message: /overlaps/ });
    assert.ok(performance.now() - started < 2000);
  });

  it("can't make the reader go through one long list for each operator", () => {
    const long = withConstant(pictureNetwork(true), "axes", ...new Array<number>(100_000).fill(1));
    assert.throws(() => checkModel(long), { code: "TINYML_MODEL_UNSUPPORTED", message: /MEAN.*axes.*4096 entries/ });
  });

  it("refuse int8 tensors of several scales that are only moved side by side", () => {
    const graph = new Graph();
    const [a, b] = [0.5, 0.25].map((scale) =>
      graph.tensor({ name: "input", type: "int8", shape: [2], quantization: quantized(scale, 0) }),
    );
    const output = graph.tensor({ name: "output", type: "int8", shape: [4], quantization: quantized(0.5, 0) });
    const options = { axis: 0, activation: "NONE" as const };
    graph.operator({ type: "CONCATENATION", inputs: [a, b], outputs: [output], options });
    assert.throws(() => checkModel(graph.model([a, b], [output])), { message: /CONCATENATION.*same scale/ });
  });

  it("name the vector that claims to be longer than the file", () => {
    // the subgraph's inputs are the one vector [0], shared by nothing else in this model
    const bytes = writeTflite(floatModel("NONE"));
    const claimed = patched(bytes, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]), (view) =>
      view.setUint32(0, 0x7fffffff, true),
    );
    assert.throws(() => readTflite(claimed), {
      code: "TINYML_MODEL_INVALID",
      message: /SubGraph\.inputs lies outside/,
    });
  });

  const shapes: [string, Model, RegExp][] = [
    ["a shape of another size", withTensor(floatModel("NONE"), 1, { shape: [4, 4] }), /SubGraph\.tensors\[1\]\.buffer/],
    ["a dimension of 0", withTensor(floatModel("NONE"), 0, { shape: [0, 3] }), /SubGraph\.tensors\[0\]\.shape/],
    ["a negative dimension", withTensor(floatModel("NONE"), 0, { shape: [1, -3] }), /SubGraph\.tensors\[0\]\.shape/],
    [
      "a 2 GB claim",
      withTensor(floatModel("NONE"), 3, { shape: [46341, 46341] }),
      /SubGraph\.tensors\[3\]\.shape.*2 GB/,
    ],
    [
      "a shape its operator does not give",
      withTensor(floatModel("NONE"), 3, { shape: [1, 5] }),
      /operators\[0\].*outputs\[0\]/,
    ],
    ["a tensor index out of range", { ...floatModel("NONE"), outputs: [99] }, /SubGraph\.outputs\[0\].*no tensor 99/],
    ["a negative tensor index", { ...floatModel("NONE"), inputs: [-1] }, /SubGraph\.inputs\[0\].*no tensor -1/],
    ["no output", { ...floatModel("NONE"), outputs: [] }, /SubGraph\.outputs: is empty/],
    ["a constant as input", { ...floatModel("NONE"), inputs: [0, 1] }, /SubGraph\.inputs\[1\].*constant/],
    ["an input twice", { ...floatModel("NONE"), inputs: [0, 0] }, /SubGraph\.inputs\[1\].*twice/],
    [
      "operators out of order",
      { ...floatModel("NONE", "TANH"), operators: floatModel("NONE", "TANH").operators.toReversed() },
      /operators\[0\] \(TANH\)\.inputs\[0\].*before any operator computed it/,
    ],
    [
      "an operator that reads its own output",
      {
        ...floatModel("NONE", "TANH"),
        operators: [{ type: "TANH", inputs: [4], outputs: [4], options: {} }],
        outputs: [4],
      },
      /operators\[0\] \(TANH\)\.inputs\[0\]/,
    ],
    [
      "an output that is computed twice",
      { ...floatModel("RELU"), operators: [...floatModel("RELU").operators, ...floatModel("RELU").operators] },
      /operators\[1\].*outputs\[0\].*computed already/,
    ],
    [
      "too few inputs",
      { ...floatModel("NONE"), operators: [{ type: "TANH", inputs: [], outputs: [3], options: {} }] },
      /operators\[0\] \(TANH\)\.inputs: has 0/,
    ],
    ["a scale of 0", withTensor(int8Model("NONE"), 0, { quantization: quantized(0, 0) }), /quantization\.scale\[0\]/],
    [
      "a negative scale",
      withTensor(int8Model("NONE"), 0, { quantization: quantized(-1, 0) }),
      /quantization\.scale\[0\]/,
    ],
    [
      "a scale of NaN",
      withTensor(int8Model("NONE"), 0, { quantization: quantized(NaN, 0) }),
      /quantization\.scale\[0\]/,
    ],
    ["an infinite scale", withTensor(int8Model("NONE"), 0, { quantization: quantized(Infinity, 0) }), /scale\[0\]/],
    [
      "a zero point out of range",
      withTensor(int8Model("NONE"), 0, { quantization: quantized(1, 128) }),
      /zero_point\[0\]/,
    ],
    [
      "int8 weights off zero, with a scale for each output",
      withTensor(int8Model("NONE"), 1, {
        quantization: { scales: [1, 1, 1, 1], zeroPoints: [0, 1, 0, 0], axis: 0 },
      }),
      /weights.*zero point 0/,
    ],
    [
      "a bias of another scale",
      withTensor(int8Model("NONE"), 2, { quantization: quantized(1, 0) }),
      /bias.*scale of input × weights/,
    ],
    [
      "a probability of another scale",
      withTensor(int8Model("NONE", "SOFTMAX"), 4, { quantization: quantized(1 / 255, -128) }),
      /operators\[1\] \(SOFTMAX\).*1\/256/,
    ],
    [
      "more scales than channels",
      withTensor(int8Model("NONE"), 1, { quantization: { scales: [1, 1], zeroPoints: [0, 0], axis: 0 } }),
      /quantization\.scale: has 2 entries, but dimension 0 is 4/,
    ],
    [
      "labels for another output",
      { ...classifier(), ...int8Model("NONE"), metadata: { ...metadataOf(classifier()), labels: ["a", "b", "c"] } },
      /TINYML_FLOWS\.labels has 3 names|TINYML_FLOWS\.labels: has 3 names/,
    ],
  ];
  for (const [name, model, message] of shapes) {
    it(`name the place of ${name}, and are not written either`, () => {
      assert.throws(() => writeTflite(model), { code: "TINYML_MODEL_INVALID", message });
    });
  }

  it("name the place of bad quantization in a file", () => {
    const bytes = writeTflite(int8Model("NONE"));
    const inputScale = floatBytes(2 / 255);
    for (const bad of [0, -1, NaN, Infinity]) {
      const file = patched(bytes, inputScale, (view) => view.setFloat32(0, bad, true));
      assert.throws(() => readTflite(file), {
        code: "TINYML_MODEL_INVALID",
        message: /SubGraph\.tensors\[\d\]\.quantization\.scale\[0\]/,
      });
    }
    const file = patched(bytes, int64Bytes(-3), (view) => view.setBigInt64(0, 300n, true));
    assert.throws(() => readTflite(file), {
      message: /SubGraph\.tensors\[0\]\.quantization\.zero_point\[0\]: 300 is outside/,
    });
  });

  const needs: [string, Uint8Array, RegExp][] = [
    ["a newer schema", rawFile(() => ({}), { version: 4 }), /Model\.version is 4/],
    ["several graphs", rawFile(() => ({}), { graphs: 2 }), /Model\.subgraphs has 2 graphs/],
    ["an operator of the old field", rawOperator({ oldCode: 24 }), /SubGraph\.operators\[0\] is RNN,/],
    ["an operator of the new field", rawOperator({ oldCode: 127, code: 150 }), /operators\[0\] is GELU,/],
    ["an operator without a name", rawOperator({ code: 4711 }), /operators\[0\] is operator 4711,/],
    ["a custom operator", rawOperator({ oldCode: 32, custom: "Sparkle" }), /is custom operator Sparkle,/],
    ["a newer version", rawOperator({ oldCode: 28, version: 9 }), /operators\[0\] is TANH of version 9/],
    [
      "another activation",
      rawOperator({ oldCode: 9, union: 8, options: { 0: 5 } }),
      /FullyConnectedOptions\.fused_act/,
    ],
    ["shuffled weights", rawOperator({ oldCode: 9, union: 8, options: { 1: 1 } }), /FullyConnectedOptions\.weights_f/],
    ["a newer option", rawOperator({ oldCode: 9, union: 8, options: { 7: 1 } }), /FullyConnectedOptions has an option/],
    ["another element type", rawOperator({ oldCode: 28 }, { type: 17 }), /SubGraph\.tensors\[0\]\.type is INT4,/],
    ["an unnamed element type", rawOperator({ oldCode: 28 }, { type: 99 }), /tensors\[0\]\.type is type 99,/],
    [
      "other numbers",
      rawOperator({ oldCode: 28 }, { type: 2 }),
      /operators\[0\] \(TANH\): with input int32, output int32/,
    ],
    ["another file", rawOperator({ oldCode: 28 }, { external: 1 }), /tensors\[0\]\.external_buffer/],
    [
      "odd quantization",
      rawOperator({ oldCode: 28 }, { table: "quantization", details: 2 }),
      /quantization\.details_type/,
    ],
  ];
  for (const [name, bytes, message] of needs) {
    it(`say that they need ${name}`, () => {
      assert.throws(() => readTflite(bytes), { code: "TINYML_MODEL_UNSUPPORTED", message });
    });
  }

  it("are read where they are sound but unusual", () => {
    const [tanh] = readTflite(rawOperator({ code: 28 })).operators;
    assert.deepEqual(tanh, { type: "TANH", inputs: [0], outputs: [1], options: {} });
    // ranges without a scale, as training leaves them
    assert.equal(readTflite(rawOperator({ code: 28 }, { table: "quantization" })).tensors[0]?.quantization, undefined);
    assert.throws(() => readTflite(rawOperator({ oldCode: 25, union: 8 })), {
      code: "TINYML_MODEL_INVALID",
      message: /SubGraph\.operators\[0\]\.builtin_options_type is 8, where 9 \(SoftmaxOptions\) is needed/,
    });
  });

  it("may keep constants behind the flatbuffer, but not behind the file", () => {
    const at = (offset: number) =>
      rawFile((builder) => {
        const stored = rawBuffer(builder, offset, 8);
        const buffers = repeated(builder, stored, 1);
        const tensors = repeated(builder, rawTensor(builder, {}), 1);
        const outputs = int32s(builder, 0);
        return { tensors, buffers, outputs };
      });
    const { length } = at(1000);
    const model = readTflite(Buffer.concat([at(length), floatBytes(1.5, -2)]));
    assert.deepEqual(model.tensors[0]?.data, new Float32Array([1.5, -2]));
    for (const offset of [length - 7, 2 ** 31, 2 ** 33, 2 ** 53]) {
      assert.throws(() => readTflite(at(offset)), {
        code: "TINYML_MODEL_INVALID",
        message: /Model\.buffers\[0\]\.size lies outside/,
      });
    }
  });

  const [{ model: stream }] = fc.sample(anyStream("int8"), { numRuns: 1, seed: 1 });
  const state = stream.tensors.findIndex(({ resource }) => resource !== undefined);
  const assigning = rawOperator({ code: 144 });
  const variables: [string, () => unknown, RegExp][] = [
    ["is taken from another tensor", () => readTflite(assigning), /operators\[0\]\.inputs begins with a tensor that/],
    ["is of another type", () => readTflite(rawOperator({ code: 142 })), /tensors\[1\]\.type is FLOAT32, where a VAR_/],
    ["begins with what is not there", () => readTflite(rawOperator({ code: 129 })), /Model\.subgraphs has no graph 0/],
    [
      "begins with other bytes",
      () => checkModel(withTensor(stream, state, { initial: new Int8Array(1000) })),
      /tensors\[1\].*begins with 1000 other bytes/,
    ],
    [
      "is read as if it were no resource",
      () => checkModel({ ...stream, outputs: [state] }),
      /outputs\[0\].*is a resource, which must be read first/,
    ],
    [
      "is an operand",
      () => {
        const operators = stream.operators.map((operator): Operator => {
          return operator.type === "SLICE" ? { ...operator, inputs: operator.inputs.with(0, state) } : operator;
        });
        checkModel({ ...stream, operators });
      },
      /operators\[2\] \(SLICE\)\.inputs\[0\].*is a resource, which must be read first/,
    ],
  ];
  for (const [name, act, message] of variables) {
    it(`name the variable that ${name}`, () => {
      assert.throws(act, { message });
    });
  }

  it("name the operator whose scales are per channel, where one is supported", () => {
    const quantization = { scales: [1, 1, 1], zeroPoints: [0, 0, 0], axis: 1 };
    assert.throws(() => writeTflite(withTensor(int8Model("NONE"), 0, { quantization })), {
      code: "TINYML_MODEL_UNSUPPORTED",
      message: /operators\[0\] \(FULLY_CONNECTED\).* has a scale per channel/,
    });
  });

  it("name the operator whose int8 input has no scale", () => {
    for (const then of [undefined, "RELU", "LOGISTIC", "TANH", "SOFTMAX"] as const) {
      const model = int8Model("NONE", then);
      const [input] = model.operators.at(-1)?.inputs ?? [];
      const tensors = model.tensors.map((tensor, i) => {
        const { quantization: _scale, ...bare } = tensor;
        return i === input ? bare : tensor;
      });
      assert.throws(() => writeTflite({ ...model, tensors }), { code: "TINYML_MODEL_INVALID", message: /scale/ });
    }
  });

  it("name the types that an operator can't be computed in", () => {
    const model = withTensor(int8Model("NONE"), 1, { type: "int16", data: new Int16Array(12) });
    assert.throws(() => writeTflite(model), {
      code: "TINYML_MODEL_UNSUPPORTED",
      message: /FULLY_CONNECTED.*weights int16/,
    });
  });
});

function metadataOf(model: Model) {
  assert.ok(model.metadata);
  return model.metadata;
}
