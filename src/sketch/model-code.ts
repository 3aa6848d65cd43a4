import { TinymlError } from "../errors";
import type { KernelArgument, KernelConstant, KernelStruct } from "../model/kernel-call";
import { type MemoryPlan, planMemory } from "../model/memory-plan";
import type { FusedActivation, Model, Operator, Tensor, TensorData, TensorType } from "../model/model";
import { kernelCalls, operatorRule } from "../model/operators";
import { perTensor } from "../model/operators/operator-rule";
import { elementBytes, elementCount, tensorBytes, zeroByte } from "../model/tensor";
import { arrayDefinition, blockComment, commentText, floatLiteral, int32Literal, int64Literal } from "./c-text";

/** Element types that an Arduino sketch computes with. */
export type CodeType = "int8" | "float32";

/** A model as C: tinyml_model.h and tinyml_model.c, the same for every template. */
export interface ModelCode {
  header: string;
  /** Writes tinyml_model.c, which can be long: only for a model that is known to fit. */
  source: () => string;
  /** Of everything that is computed; undefined where types are mixed. */
  type: CodeType | undefined;
  /** Whether there are variable tensors, so a tinyml_model_reset(). */
  hasState: boolean;
  /** Bytes of the array that holds everything that is computed. */
  arenaBytes: number;
  /** Bytes of the weights and biases in flash. */
  constantBytes: number;
  inputs: readonly CodeTensor[];
  outputs: readonly CodeTensor[];
  /** The kernel files that the code includes or calls. */
  kernelFiles: readonly string[];
}

/** An input or output of the model: the macros under which generated code knows it. */
export interface CodeTensor {
  /** A pointer to the elements: TINYML_MODEL_INPUT, or TINYML_MODEL_INPUT_2 where there are several. */
  macro: string;
  /** The elements' type in C. */
  elementType: string;
  length: number;
  quantization: { scale: number; zeroPoint: number } | undefined;
}

const activationMacro: Readonly<Record<FusedActivation, string>> = {
  NONE: "TINYML_ACTIVATION_NONE",
  RELU: "TINYML_ACTIVATION_RELU",
  RELU_N1_TO_1: "TINYML_ACTIVATION_RELU_N1_TO_1",
  RELU6: "TINYML_ACTIVATION_RELU6",
};

const activationWords: Readonly<Record<FusedActivation, string>> = {
  NONE: "",
  RELU: ", relu",
  RELU_N1_TO_1: ", kept in -1..1",
  RELU6: ", kept in 0..6",
};

const elementType: Readonly<Record<TensorType, string>> = {
  int8: "int8_t",
  float32: "float",
  uint8: "uint8_t",
  int16: "int16_t",
  int32: "int32_t",
  int64: "int64_t",
  float16: "uint16_t",
  bool: "uint8_t",
};

/**
 * Writes a checked model as C99: constants in flash, one array for everything that is computed, one function that runs
 * the operators in their order.
 *
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED for what C can't be generated for, TINYML_MODEL_INVALID for numbers that
 *   are none
 */
export function generateModelCode(model: Model): ModelCode {
  const [type, alignment] = computedType(model);
  const plan = planMemory(model, alignment);
  const context: Context = {
    model,
    type,
    alignment,
    plan,
    constants: [],
    constantNames: new Map(),
    constantBytes: 0,
    calls: [],
    reset: [],
    // included even where nothing is computed
    kernelFiles: new Set(["tinyml_kernels.h"]),
  };
  model.operators.forEach((operator, index) => {
    writeOperator(context, operator, index + 1);
  });
  writeReset(context);
  const inputs = describeTensors(model, model.inputs, "TINYML_MODEL_INPUT");
  const outputs = describeTensors(model, model.outputs, "TINYML_MODEL_OUTPUT");
  return {
    header: writeHeader(context, inputs, outputs),
    source: () => writeSource(context),
    type,
    hasState: stateTensors(model).length > 0,
    arenaBytes: plan.bytes,
    constantBytes: context.constantBytes,
    inputs,
    outputs,
    kernelFiles: [...context.kernelFiles].sort(),
  };
}

/** What grows while the operators are written. */
interface Context {
  model: Model;
  type: CodeType | undefined;
  /** Bytes that the addresses of everything that is computed are multiples of. */
  alignment: number;
  plan: MemoryPlan;
  /** Definitions of weights and biases; the long ones are written when they are asked for. */
  constants: (string | (() => string))[];
  /** The names of the tensors that are defined as constants in RAM. */
  constantNames: Map<number, string>;
  constantBytes: number;
  /** Statements of tinyml_model_run. */
  calls: string[];
  /** Statements of tinyml_model_reset; none without variable tensors. */
  reset: string[];
  kernelFiles: Set<string>;
}

/** The one type of everything that is computed, if there is one, and the alignment that it needs. */
function computedType(model: Model): [type: CodeType | undefined, alignment: number] {
  const indices = [
    ...model.inputs,
    ...model.operators.flatMap(({ inputs, outputs }) => [
      ...outputs,
      ...inputs.filter((index) => model.tensors[index]?.variable),
    ]),
  ];
  const types = new Set(indices.map((index) => model.tensors[index].type));
  const constantOutput = model.outputs.find((index) => model.tensors[index].data !== undefined);
  if (constantOutput !== undefined) throw unsupported("one of its outputs is a constant");
  const [type, ...others] = types;
  if ((type === "int8" || type === "float32") && others.length === 0) return [type, elementBytes(type)];
  return [undefined, 8];
}

function writeOperator(context: Context, operator: Operator, number: number): void {
  const { model } = context;
  if (operatorRule(operator.type).sharesMemory && model.tensors[operator.inputs[0]].data !== undefined) {
    throw unsupported(`the input of operator ${number} is a constant`);
  }
  const calls = kernelCalls(model, operator);
  context.calls.push(`  /* ${describeOperator(model, operator, number)} */`);
  calls.forEach(({ kernel, file, arguments: all }, i) => {
    // of several calls each has structs of its own
    const name = calls.length === 1 ? `${number}` : `${number}_${i + 1}`;
    context.kernelFiles.add(file);
    context.calls.push(
      ...wrapCall(
        kernel,
        all.map((argument) => writeArgument(context, operator, number, name, argument)),
      ),
    );
  });
}

/** An argument of a kernel call as C; the constant that it is gets its definition. */
function writeArgument(
  context: Context,
  operator: Operator,
  number: number,
  callName: string,
  argument: KernelArgument,
): string {
  switch (argument.kind) {
    case "tensor":
      return pointer(context, argument.tensor);
    case "constant":
      return argument.constant === undefined
        ? "NULL"
        : addConstant(context, operator, number, callName, argument.constant);
    case "perSample":
      return `${argument.count}`;
    case "integer":
      return int32Literal(argument.value);
    case "real":
      return floatLiteral(argument.value);
    case "activation":
      return activationMacro[argument.activation];
    case "struct":
      return addStruct(context, number, callName, argument.struct);
  }
}

/** What an operator does, for the comment above its call: what kind, sizes, and in int8 the scales on both ends. */
function describeOperator(model: Model, operator: Operator, number: number): string {
  const input = model.tensors[operator.inputs[0]];
  // an operator without outputs changes its first input
  const output = model.tensors[operator.outputs[0] ?? operator.inputs[0]];
  const scales = output.type === "int8" ? ` (${readScale(input)} -> ${readScale(output)})` : "";
  const { type } = operator;
  switch (type) {
    case "FULLY_CONNECTED":
      return `${describeDense(model, operator, number)}${scales}`;
    case "CONV_2D":
    case "DEPTHWISE_CONV_2D":
      return `${describeConvolution(model, operator, number)}${scales}`;
    case "AVERAGE_POOL_2D":
    case "MAX_POOL_2D": {
      const { filterHeight, filterWidth, activation } = operator.options;
      const what = operator.type === "MAX_POOL_2D" ? "the largest" : "the mean";
      const window = `${filterHeight} x ${filterWidth}`;
      return `${number}. pooling: ${what} of every window of ${window}${activationWords[activation]}, ${describeShapes(input, output)}`;
    }
    case "MEAN":
      return `${number}. MEAN: ${describeShapes(input, output)}${scales}`;
    case "RESHAPE":
      return `${number}. RESHAPE: the same numbers in the same memory, ${describeShapes(input, output)}`;
    case "RELU":
      return `${number}. RELU: negative numbers become 0${scales}`;
    case "LOGISTIC":
      return `${number}. LOGISTIC: 1 / (1 + e^-x), between 0 and 1${scales}`;
    case "TANH":
      return `${number}. TANH: between -1 and 1${scales}`;
    case "SOFTMAX":
      return `${number}. SOFTMAX: ${output.shape[output.shape.length - 1]} scores that add up to 1`;
    default:
      return `${number}. ${type}: ${describeShapes(input, output)}${scales}`;
  }
}

function describeDense(model: Model, operator: Operator & { type: "FULLY_CONNECTED" }, number: number): string {
  const [units, width] = model.tensors[operator.inputs[1]].shape;
  const ends = `${plural(width, "input")} -> ${plural(units, "output")}`;
  return `${number}. dense: ${ends}${activationWords[operator.options.activation]}`;
}

function describeConvolution(
  model: Model,
  operator: Operator & { type: "CONV_2D" | "DEPTHWISE_CONV_2D" },
  number: number,
): string {
  const [input, weights] = operator.inputs.map((index) => model.tensors[index]);
  const output = model.tensors[operator.outputs[0]];
  const what = operator.type === "CONV_2D" ? "convolution" : "depthwise convolution";
  const window = `${weights.shape[1]} x ${weights.shape[2]}`;
  return `${number}. ${what}, window ${window}: ${describeShapes(input, output)}${activationWords[operator.options.activation]}`;
}

function describeShapes(input: Tensor, output: Tensor): string {
  return `[${input.shape.join("][")}] -> [${output.shape.join("][")}]`;
}

/** Defines a struct of an operator and returns a pointer to it. */
function addStruct(
  context: Context,
  number: number,
  callName: string,
  { type, comment, fields }: KernelStruct,
): string {
  const name = `${type}_${callName}`;
  const definitions = Object.entries(fields).map(([field, value]) => {
    const literal = typeof value === "number" ? int32Literal(value) : `{${value.map(int32Literal).join(", ")}}`;
    return `.${field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} = ${literal}`;
  });
  const lines: string[] = [];
  for (let i = 0; i < definitions.length; i += 2) lines.push(`  ${definitions.slice(i, i + 2).join(", ")},`);
  context.constants.push(
    blockComment([`Layer ${number}. ${comment}`]),
    `static const ${type} ${name} TINYML_FLASH = {`,
    ...lines,
    "};\n",
  );
  return `&${name}`;
}

/** Defines a constant of an operator and returns its name. */
function addConstant(
  context: Context,
  operator: Operator,
  number: number,
  callName: string,
  constant: KernelConstant,
): string {
  const { role, data } = constant;
  const name = `tinyml_${role}_${callName}`;
  const [ctype, literals] = literalsOf(data);
  context.constantBytes += data.byteLength;
  const head = `static const ${ctype} ${name}[${data.length}] TINYML_FLASH`;
  const comment = blockComment(describeConstant(context.model, operator, number, constant));
  context.constants.push(comment, () => `${arrayDefinition(head, literals())}\n`);
  return name;
}

/**
 * Defines a constant tensor that is read like a computed one, or what a variable tensor begins with: in RAM where flash is
 * another address space.
 */
function addConstantTensor(context: Context, index: number): string {
  const known = context.constantNames.get(index);
  if (known !== undefined) return known;
  const { name: tensorName, data: constant, initial, shape } = context.model.tensors[index];
  const data = constant ?? initial;
  if (data === undefined) throw new TinymlError("TINYML_INTERNAL", `The tensor "${tensorName}" has no memory.`);
  const name = `tinyml_tensor_${index}`;
  const [ctype, literals] = literalsOf(data);
  context.constantNames.set(index, name);
  context.constantBytes += data.byteLength;
  const head = `static const ${ctype} ${name}[${data.length}]`;
  context.constants.push(
    blockComment([`${initial ? "What a state begins with" : "A constant"} [${shape.join("][")}].`]),
    () => `${arrayDefinition(head, literals())}\n`,
  );
  return name;
}

/** What a constant holds, for the comment above it. */
function describeConstant(
  model: Model,
  operator: Operator,
  number: number,
  { role, tensor }: KernelConstant,
): readonly string[] {
  if (role !== "weights" && role !== "bias" && role !== "multipliers" && role !== "shifts") {
    return [`Layer ${number}. ${operator.type}: ${role}.`];
  }
  if (role === "multipliers")
    return [`Layer ${number}. The factors of the output channels:`, "multiplier * 2^(shift - 31)."];
  if (role === "shifts") return [`Layer ${number}. The factors' shifts.`];
  if (operator.type === "CONV_2D" || operator.type === "DEPTHWISE_CONV_2D") {
    return describeConvolutionConstant(model, operator, number, role, tensor !== undefined);
  }
  if (operator.type !== "FULLY_CONNECTED") return [`Layer ${number}. ${role}.`];
  const [inputIndex, weightsIndex] = operator.inputs;
  const weights = model.tensors[weightsIndex];
  const { zeroPoint: inputZeroPoint, scale: inputScale } = perTensor(model.tensors[inputIndex]) ?? {};
  const { scale: weightScale } = perTensor(weights) ?? {};
  if (role === "weights") {
    const real = weightScale === undefined ? "" : `; real weight = ${weightScale} * stored`;
    const rows = `Weights, a row of ${weights.shape[1]} per output${real}.`;
    return [`Layer ${describeDense(model, operator, number)}. ${rows}`];
  }
  if (tensor !== undefined || inputScale === undefined || weightScale === undefined) return ["Bias, one per output."];
  return [
    `Bias, one per output, in steps of ${Math.fround(inputScale * weightScale)}. The input's zero`,
    `point is in it: minus ${inputZeroPoint} * the sum of the output's weights.`,
  ];
}

function describeConvolutionConstant(
  model: Model,
  operator: Operator & { type: "CONV_2D" | "DEPTHWISE_CONV_2D" },
  number: number,
  role: "weights" | "bias",
  unchanged: boolean,
): readonly string[] {
  const [inputIndex, weightsIndex] = operator.inputs;
  const { shape, quantization } = model.tensors[weightsIndex];
  if (role === "weights") {
    const real = quantization === undefined ? "" : "; real weight = the channel's scale * stored";
    return [`Layer ${describeConvolution(model, operator, number)}.`, `Weights [${shape.join("][")}]${real}.`];
  }
  if (quantization === undefined) return ["Bias, one per output channel."];
  const steps = "Bias, one per output channel, in steps of input scale * the channel's weight scale.";
  if (unchanged) return [steps];
  const { zeroPoint } = perTensor(model.tensors[inputIndex]) ?? { zeroPoint: 0 };
  return [steps, `The input's zero point is in it: minus ${zeroPoint} * the sum of the channel's weights.`];
}

/** The C type of a constant's elements, and what writes each of them as C. */
function literalsOf(data: TensorData): [ctype: string, literals: () => Iterable<string>] {
  if (data instanceof Float32Array) return ["float", () => eachAs(floatLiteral, data)];
  if (data instanceof Int8Array) return ["int8_t", () => eachAs(String, data)];
  if (data instanceof Uint8Array) return ["uint8_t", () => eachAs(String, data)];
  if (data instanceof Int16Array) return ["int16_t", () => eachAs(String, data)];
  if (data instanceof Int32Array) return ["int32_t", () => eachAs(int32Literal, data)];
  if (data instanceof BigInt64Array) return ["int64_t", () => eachAs(int64Literal, data)];
  throw unsupported(`it has constants in a ${data.constructor.name}`);
}

/** One literal after the other: of millions of weights, an array of them would take hundreds of megabytes. */
function* eachAs<Value>(literal: (value: Value) => string, data: Iterable<Value>): Iterable<string> {
  for (const value of data) yield literal(value);
}

/** A call statement, its arguments broken into lines of at most 100 characters. */
function wrapCall(name: string, args: readonly string[]): string[] {
  const lines: string[] = [];
  let line = `  ${name}(`;
  args.forEach((argument, i) => {
    const text = i === args.length - 1 ? `${argument});` : `${argument}, `;
    if (line.length + text.length > 100) {
      lines.push(line.trimEnd());
      line = " ".repeat(name.length + 3);
    }
    line += text;
  });
  return [...lines, line];
}

function writeHeader(context: Context, inputs: readonly CodeTensor[], outputs: readonly CodeTensor[]): string {
  const { model, plan } = context;
  const describe = (tensors: readonly CodeTensor[], indices: readonly number[], what: string): string[] =>
    tensors.flatMap(({ macro, length, quantization }, i) => {
      const { shape, type } = model.tensors[indices[i]];
      const unit = quantization ? `; real = ${quantization.scale} * (stored ${signed(-quantization.zeroPoint)})` : "";
      return [
        `/* ${what}: ${type} [${shape.join("][")}]${unit} */`,
        `#define ${macro} (${pointer(context, indices[i])})`,
        `#define ${macro}_LENGTH ${length}`,
        ...(quantization
          ? [
              `#define ${macro}_SCALE ${floatLiteral(quantization.scale)}`,
              `#define ${macro}_ZERO_POINT ${quantization.zeroPoint}`,
            ]
          : []),
        "",
      ];
    });
  const name = commentText(model.metadata?.name ?? model.description);
  return [
    blockComment([
      `${name === "" ? "A neural network" : `The neural network "${name}"`}, generated by TinyML Flows. Do not edit: export the model again.`,
      "",
      "Write the input to where TINYML_MODEL_INPUT points, call tinyml_model_run(), read where TINYML_MODEL_OUTPUT",
      "points. A run may overwrite the input; the output stays until the next run.",
    ]),
    "#ifndef TINYML_MODEL_H",
    "#define TINYML_MODEL_H",
    "",
    '#include "tinyml_platform.h"',
    "",
    "#ifdef __cplusplus",
    'extern "C" {',
    "#endif",
    "",
    "/* The RAM that holds everything that is computed: exactly this many bytes, reused from layer to layer. */",
    `#define TINYML_MODEL_ARENA_BYTES ${plan.bytes}`,
    `extern ${arenaDefinition(context)};`,
    "",
    ...describe(inputs, model.inputs, "Input"),
    ...describe(outputs, model.outputs, "Output"),
    "/* Computes the output from the input. */",
    "void tinyml_model_run(void);",
    "",
    ...(stateTensors(model).length > 0
      ? ["/* Forgets what runs left in the model's state: call it once before the first run. */", RESET_PROTOTYPE, ""]
      : []),
    "#ifdef __cplusplus",
    "}",
    "#endif",
    "",
    "#endif",
    "",
  ].join("\n");
}

function writeSource(context: Context): string {
  const { model, type, constants, calls } = context;
  const parameters = new Set(
    model.operators.flatMap(({ type: operator, inputs }) =>
      inputs.filter((_, i) => operatorRule(operator).inputs[i]?.parameter),
    ),
  );
  let count = 0;
  for (const index of parameters) if (index >= 0) count += elementCount(model.tensors[index].shape);
  const int8Lines = [
    "An int8 stands for a real number: real = scale * (stored - zero point). The comments say each tensor's scale and",
    "zero point; multiplier and shift in the calls are a quotient of scales as a whole number.",
  ];
  return [
    blockComment([
      `Generated by TinyML Flows: ${plural(count, "parameter")} in flash (TINYML_FLASH), ${plural(calls.filter((line) => line.startsWith("  /*")).length, "step")}.`,
      ...(type === "int8" ? int8Lines : []),
    ]),
    '#include "tinyml_model.h"',
    "",
    ...(stateTensors(model).length > 0 ? ["#include <string.h>", ""] : []),
    '#include "tinyml_kernels.h"',
    "",
    `${arenaDefinition(context)};`,
    "",
    ...constants.map((definition) => (typeof definition === "string" ? definition : definition())),
    "void tinyml_model_run(void) {",
    ...calls,
    "}",
    "",
    ...(context.reset.length > 0 ? ["void tinyml_model_reset(void) {", ...context.reset, "}", ""] : []),
  ].join("\n");
}

function describeTensors(model: Model, indices: readonly number[], macro: string): CodeTensor[] {
  return indices.map((index, i) => {
    const tensor = model.tensors[index];
    const scale = tensor.quantization?.scales[0];
    return {
      macro: indices.length === 1 ? macro : `${macro}_${i + 1}`,
      elementType: elementType[tensor.type],
      length: elementCount(tensor.shape),
      quantization:
        tensor.type === "int8" && scale !== undefined
          ? { scale, zeroPoint: tensor.quantization?.zeroPoints[0] ?? 0 }
          : undefined,
    };
  });
}

/** A tensor's elements in C: in the array of everything that is computed, or a constant's definition. */
function pointer(context: Context, tensor: number): string {
  const offset = context.plan.offsets.get(tensor);
  if (offset === undefined) return addConstantTensor(context, tensor);
  const at = arenaAt(context, offset);
  const { type } = context.model.tensors[tensor];
  return context.type === undefined ? `(${elementType[type]} *)(${at})` : at;
}

function arenaAt({ type }: Context, offset: number): string {
  const elements = offset / (type === undefined ? 1 : elementBytes(type));
  return elements === 0 ? "tinyml_model_arena" : `tinyml_model_arena + ${elements}`;
}

/** The array that holds everything that is computed: of the one type that all has, or of bytes that are aligned for any. */
function arenaDefinition({ type, alignment, plan: { bytes } }: Context): string {
  if (type !== undefined) return `${elementType[type]} tinyml_model_arena[${bytes / elementBytes(type)}]`;
  return `uint8_t tinyml_model_arena[${bytes}] __attribute__((aligned(${alignment})))`;
}

const RESET_PROTOTYPE = "void tinyml_model_reset(void);";

function stateTensors({ tensors }: Model): number[] {
  return tensors.flatMap(({ variable }, index) => (variable ? [index] : []));
}

/** Sets the variable tensors to what they begin with. */
function writeReset(context: Context): void {
  const { model, plan } = context;
  for (const index of stateTensors(model)) {
    const tensor = model.tensors[index];
    // written as an element's address: of the array itself, gcc suspects that its elements were meant to be counted
    const first = (plan.offsets.get(index) ?? 0) / (context.type === undefined ? 1 : elementBytes(context.type));
    const byte = initialByte(tensor);
    const [copy, from] = byte === undefined ? ["memcpy", addConstantTensor(context, index)] : ["memset", byte];
    context.reset.push(`  ${copy}(&tinyml_model_arena[${first}], ${from}, ${tensorBytes(tensor)});`);
  }
}

/** The one byte of which a variable tensor's first elements consist; undefined where they differ. */
function initialByte(tensor: Tensor): number | undefined {
  const { initial } = tensor;
  if (initial === undefined) return zeroByte(tensor);
  const bytes = new Int8Array(initial.buffer, initial.byteOffset, initial.byteLength);
  return bytes.every((byte) => byte === bytes[0]) ? bytes[0] : undefined;
}

function readScale(tensor: Tensor): string {
  if (tensor.quantization === undefined) return "";
  return `scale ${tensor.quantization.scales[0]} zero point ${tensor.quantization.zeroPoints[0]}`;
}

function unsupported(what: string): TinymlError {
  return new TinymlError("TINYML_MODEL_UNSUPPORTED", `The model can't become C: ${what}.`);
}

function signed(value: number): string {
  return value < 0 ? `- ${-value}` : `+ ${Math.abs(value)}`;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
