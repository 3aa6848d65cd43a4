import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import type { Model, OperatorType, TensorType } from "../../src/model/model";
import { operatorRule } from "../../src/model/operators";
import { operatorOfCode } from "../../src/tflite/operators";
import { writeTflite } from "../../src/tflite/write-tflite";
import { anyConvolution, anyConvolutionOfNine, anyDepthwise, anyPool } from "../conformance/operators";
import { type Arithmetic, anyArithmetic } from "../conformance/operators/arithmetic";
import { anyConversion } from "../conformance/operators/conversion";
import { anyDense } from "../conformance/operators/dense";
import { anyElementwise } from "../conformance/operators/elementwise";
import { MOVING_OPERATORS } from "../conformance/operators/moving";
import { anyLstm, anySvdf } from "../conformance/operators/recurrent";
import { REDUCING_OPERATORS } from "../conformance/operators/reducing";
import { anyStream } from "../conformance/operators/streaming";
import { anyTransposeConvolution } from "../conformance/operators/transpose-convolution";
import { sharedModelPath } from "../support/shared-models";
import { anyModel, bookNetwork, classifier, Graph, int8Model, pictureNetwork } from "./models";

/* Sound files to be damaged. */

/** A family of sound files. */
export interface Base {
  readonly name: string;
  /** How many there are. */
  readonly count: number;
  /** The file of a number below that; always the same. Not to be changed. */
  file(number: number): Uint8Array;
}

type AnyModel = fc.Arbitrary<{ readonly model: Model }>;

const ARITHMETIC: readonly Arithmetic[] = [
  "ADD",
  "SUB",
  "MUL",
  "DIV",
  "MAXIMUM",
  "MINIMUM",
  "SQUARED_DIFFERENCE",
  "FLOOR_DIV",
  "FLOOR_MOD",
  "PRELU",
];
const ELEMENTWISE: readonly OperatorType[] = [
  "RELU",
  "RELU6",
  "RELU_N1_TO_1",
  "LEAKY_RELU",
  "HARD_SWISH",
  "ELU",
  "ABS",
  "NEG",
  "SQUARE",
  "SQRT",
  "RSQRT",
  "EXP",
  "LOG",
  "L2_NORMALIZATION",
];
const CONVERSIONS = ["QUANTIZE", "DEQUANTIZE", "CAST"] as const;
const KINDS = ["float32", "int8", "int16"] as const;

/** Models of a single operator, of every type that it computes in, from the generators of the property tests. */
const OPERATORS: readonly (readonly [name: string, any: AnyModel])[] = [
  ...[true, false].flatMap((int8): [string, AnyModel][] => [
    ["CONV_2D", anyConvolution(int8)],
    ["DEPTHWISE_CONV_2D", anyDepthwise(int8)],
    ["AVERAGE_POOL_2D", anyPool("AVERAGE_POOL_2D", int8)],
    ["MAX_POOL_2D", anyPool("MAX_POOL_2D", int8)],
  ]),
  ...ARITHMETIC.flatMap((type) => inputTypes(type).map((element) => row(type, anyArithmetic(type, element)))),
  ...ELEMENTWISE.flatMap((type) => inputTypes(type).map((element) => row(type, anyElementwise(type, element)))),
  ...CONVERSIONS.flatMap((type) =>
    operatorRule(type).types.map(([[from], [to]]) => row(type, anyConversion(type, from, to))),
  ),
  ...Object.entries(MOVING_OPERATORS).flatMap(([type, any]) =>
    (["float32", "int8", "int16", "int32", "int64", "uint8", "bool"] as const).map((element) =>
      row(type, any(element)),
    ),
  ),
  ...knownOperators().flatMap((type) => {
    const any = REDUCING_OPERATORS[type];
    return any === undefined
      ? []
      : KINDS.filter((kind) => inputTypes(type).includes(kind)).map((kind) => row(type, any(kind)));
  }),
  row("CONV_2D", anyConvolutionOfNine()),
  ...KINDS.map((kind) => row("FULLY_CONNECTED", anyDense(kind, "plain"))),
  ...KINDS.map((kind) => row("TRANSPOSE_CONV", anyTransposeConvolution(kind))),
  row("SVDF", anySvdf("float32")),
  row("SVDF", anySvdf("int8", "int8")),
  row("SVDF", anySvdf("int8", "int16")),
  ...KINDS.map((kind) => row("UNIDIRECTIONAL_SEQUENCE_LSTM", anyLstm(kind))),
  ...KINDS.map((kind) => row("READ_VARIABLE and ASSIGN_VARIABLE", anyStream(kind))),
];

const NETWORKS: readonly (readonly [name: string, model: () => Model])[] = [
  ["the book's network", bookNetwork],
  ["a classifier", classifier],
  ["a dense network in int8", () => int8Model("RELU6", "TANH")],
  ["a filled shape", filledShape],
  ["a network of pictures", () => pictureNetwork(false)],
  ["a network of pictures in int8", () => pictureNetwork(true)],
];

/** Public models above this are left out: most of what is changed in them is a weight. */
const LARGEST = 100_000;

/** All families: single operators, the tests' networks, random chains, and the public models that are present. */
export function baseFiles(): readonly Base[] {
  return [
    ...OPERATORS.map(([name, any]) => generated(name, any)),
    ...NETWORKS.map(([name, model]): Base => ({ name, count: 1, file: once(() => writeTflite(model())) })),
    generated(
      "a random chain",
      anyModel.map((model) => ({ model })),
    ),
    ...publicFiles(),
  ];
}

/** As many sevens as the input has numbers. */
function filledShape(): Model {
  const graph = new Graph();
  const input = graph.tensor({ name: "input", type: "float32", shape: [2, 3] });
  const shape = graph.tensor({ name: "shape", type: "int32", shape: [2] });
  const value = graph.tensor({ name: "value", type: "float32", shape: [], data: Float32Array.of(7) });
  const output = graph.tensor({ name: "output", type: "float32", shape: [2, 3] });
  graph.operator({ type: "SHAPE", inputs: [input], outputs: [shape], options: { outputType: "int32" } });
  graph.operator({ type: "FILL", inputs: [shape, value], outputs: [output], options: {} });
  return graph.model([input], [output]);
}

/** The operators that this package knows. */
export function knownOperators(): OperatorType[] {
  return Array.from({ length: 256 }, (_, code) => operatorOfCode(code)).filter((type) => type !== undefined);
}

function inputTypes(type: OperatorType): TensorType[] {
  return [...new Set(operatorRule(type).types.map(([[first]]) => first))];
}

function row(name: string, any: AnyModel): [string, AnyModel] {
  return [name, any];
}

/** How many different files a generator makes. */
const VARIANTS = 40;

function generated(name: string, any: AnyModel): Base {
  const files = once(() => fc.sample(any, { numRuns: VARIANTS, seed: 1 }).map(({ model }) => writeTflite(model)));
  return { name, count: VARIANTS, file: (number) => files()[number] };
}

function publicFiles(): Base[] {
  const folder = sharedModelPath(".");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name): Base[] => {
    // a Buffer's own slice would share its memory
    const read = once(() => new Uint8Array(readFileSync(sharedModelPath(name))));
    return name.endsWith(".tflite") && read().length <= LARGEST ? [{ name, count: 1, file: read }] : [];
  });
}

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
