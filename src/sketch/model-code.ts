import { TinymlError } from "../errors";
import type { FusedActivation, Model, Operator, Quantization, Tensor } from "../model/model";
import {
  denseInt8Parameters,
  logisticInt8Parameters,
  reluInt8Parameters,
  softmaxInt8Parameters,
  tanhInt8Parameters,
} from "../model/quantization";
import { elementBytes, elementCount } from "../model/tensor";
import { arrayDefinition, blockComment, commentText, floatLiteral, int32Literal } from "./c-text";
import { type MemoryPlan, planMemory } from "./memory-plan";

/** Element types that generated code computes with. */
export type CodeType = "int8" | "float32";

/** A model as C: tinyml_model.h and tinyml_model.c, the same for every template. */
export interface ModelCode {
  header: string;
  source: string;
  /** Of everything that is computed. */
  type: CodeType;
  /** Bytes of the array that holds everything that is computed. */
  arenaBytes: number;
  /** Bytes of the weights and biases in flash. */
  constantBytes: number;
  inputs: readonly CodeTensor[];
  outputs: readonly CodeTensor[];
  /** The kernel files that the code calls. */
  kernelFiles: readonly string[];
}

/** An input or output of the model: the macros under which generated code knows it. */
export interface CodeTensor {
  /** A pointer to the elements: TINYML_MODEL_INPUT, or TINYML_MODEL_INPUT_2 where there are several. */
  macro: string;
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

const elementType: Readonly<Record<CodeType, string>> = { int8: "int8_t", float32: "float" };

/**
 * Writes a checked model as C99: constants in flash, one array for everything that is computed, one function that runs
 * the operators in their order.
 *
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED for what C can't be generated for, TINYML_MODEL_INVALID for numbers that
 *   are none
 */
export function generateModelCode(model: Model): ModelCode {
  const type = computedType(model);
  const plan = planMemory(model);
  const context: Context = { model, type, plan, constants: [], constantBytes: 0, calls: [], kernelFiles: new Set() };
  model.operators.forEach((operator, index) => {
    writeOperator(context, operator, index + 1);
  });
  const inputs = describeTensors(model, model.inputs, "TINYML_MODEL_INPUT");
  const outputs = describeTensors(model, model.outputs, "TINYML_MODEL_OUTPUT");
  const arenaBytes = plan.length * elementBytes(type);
  return {
    header: writeHeader(context, inputs, outputs, arenaBytes),
    source: writeSource(context),
    type,
    arenaBytes,
    constantBytes: context.constantBytes,
    inputs,
    outputs,
    kernelFiles: [...context.kernelFiles].sort(),
  };
}

/** What grows while the operators are written. */
interface Context {
  model: Model;
  type: CodeType;
  plan: MemoryPlan;
  /** Definitions of weights and biases. */
  constants: string[];
  constantBytes: number;
  /** Statements of tinyml_model_run. */
  calls: string[];
  kernelFiles: Set<string>;
}

function computedType(model: Model): CodeType {
  const indices = [...model.inputs, ...model.operators.flatMap((operator) => operator.outputs)];
  const types = new Set(indices.map((index) => model.tensors[index].type));
  const [type, ...others] = types;
  if ((type !== "int8" && type !== "float32") || others.length > 0) {
    throw unsupported(`its tensors are ${[...types].join(" and ")}, where a sketch can be all float32 or all int8`);
  }
  const constantOutput = model.outputs.find((index) => model.tensors[index].data !== undefined);
  if (constantOutput !== undefined) throw unsupported("one of its outputs is a constant");
  return type;
}

function writeOperator(context: Context, operator: Operator, number: number): void {
  const { model, type } = context;
  const input = model.tensors[operator.inputs[0]];
  const output = model.tensors[operator.outputs[0]];
  if (input.data !== undefined) throw unsupported(`the input of operator ${number} is a constant`);
  const from = pointer(context, operator.inputs[0]);
  const to = pointer(context, operator.outputs[0]);
  const count = elementCount(output.shape);
  const scales = `${readScale(input)} -> ${readScale(output)}`;
  switch (operator.type) {
    case "FULLY_CONNECTED":
      writeDense(context, operator, number, from, to);
      return;
    case "RELU": {
      const title = `${number}. RELU: negative numbers become 0`;
      if (type === "float32") {
        writeCall(context, title, "float_activation.c", "tinyml_relu_float", [from, to, `${count}`]);
      } else {
        const p = reluInt8Parameters(quantizationOf(input), quantizationOf(output));
        const scalars = [p.inputZeroPoint, p.outputZeroPoint, p.multiplier, p.shift, p.minimum, p.maximum];
        const args = [from, to, `${count}`, ...scalars.map(int32Literal)];
        writeCall(context, `${title} (${scales})`, "int8_activation.c", "tinyml_relu_int8", args);
      }
      return;
    }
    case "LOGISTIC":
    case "TANH": {
      const logistic = operator.type === "LOGISTIC";
      const title = `${number}. ${operator.type}: ${logistic ? "1 / (1 + e^-x), between 0 and 1" : "between -1 and 1"}`;
      const name = logistic ? "tinyml_logistic" : "tinyml_tanh";
      if (type === "float32") {
        writeCall(context, title, "float_activation.c", `${name}_float`, [from, to, `${count}`]);
      } else {
        const prepare = logistic ? logisticInt8Parameters : tanhInt8Parameters;
        const p = prepare(quantizationOf(input), quantizationOf(output));
        const scalars = [p.inputZeroPoint, p.inputRangeRadius, p.multiplier, p.shift];
        const args = [from, to, `${count}`, ...scalars.map(int32Literal)];
        writeCall(context, `${title} (${scales})`, "int8_activation.c", `${name}_int8`, args);
      }
      return;
    }
    case "SOFTMAX": {
      const classes = output.shape[output.shape.length - 1];
      const title = `${number}. SOFTMAX: ${classes} scores that add up to 1`;
      const shape = [from, to, `${count / classes}`, `${classes}`];
      const { beta } = operator.options;
      if (type === "float32") {
        writeCall(context, title, "float_activation.c", "tinyml_softmax_float", [...shape, floatLiteral(beta)]);
      } else {
        const p = softmaxInt8Parameters(beta, quantizationOf(input), quantizationOf(output));
        const args = [...shape, ...[p.multiplier, p.shift, p.differenceMinimum].map(int32Literal)];
        writeCall(context, `${title} (${scales})`, "int8_activation.c", "tinyml_softmax_int8", args);
      }
      return;
    }
  }
}

function writeDense(
  context: Context,
  operator: Operator & { type: "FULLY_CONNECTED" },
  number: number,
  from: string,
  to: string,
): void {
  const { model, type } = context;
  const [inputIndex, weightsIndex, biasIndex = -1] = operator.inputs;
  const [outputIndex] = operator.outputs;
  const { activation } = operator.options;
  const weights = model.tensors[weightsIndex];
  const bias = biasIndex < 0 ? undefined : model.tensors[biasIndex];
  const [units, width] = weights.shape;
  const rows = elementCount(model.tensors[outputIndex].shape) / units;
  const title = `${number}. dense: ${plural(width, "input")} -> ${plural(units, "output")}${activationWords[activation]}`;
  const weightsName = `tinyml_weights_${number}`;
  const biasName = `tinyml_bias_${number}`;
  const shape = [`${rows}`, `${width}`, `${units}`];

  if (type === "float32") {
    addConstant(context, `Layer ${title}. Weights, a row of ${width} per output.`, "float", weightsName, weights);
    if (bias !== undefined) addConstant(context, `Bias, one per output.`, "float", biasName, bias);
    const args = [from, weightsName, bias ? biasName : "NULL", to, ...shape, activationMacro[activation]];
    writeCall(context, title, "float_dense.c", "tinyml_dense_float", args);
    return;
  }
  const input = model.tensors[inputIndex];
  const output = model.tensors[outputIndex];
  const p = denseInt8Parameters(quantizationOf(input), quantizationOf(weights), quantizationOf(output), activation);
  const [weightScale] = quantizationOf(weights).scales;
  const comment = `Layer ${title}. Weights, a row of ${width} per output; real weight = ${weightScale} * stored.`;
  addConstant(context, comment, "int8_t", weightsName, weights);
  const folded = foldZeroPoint(weights, bias, units, width, p.inputZeroPoint);
  context.constantBytes += folded.length * elementBytes("int32");
  context.constants.push(
    blockComment([
      `Bias, one per output, in steps of ${Math.fround(quantizationOf(input).scales[0] * weightScale)}. The input's zero`,
      `point is in it: minus ${p.inputZeroPoint} * the sum of the output's weights.`,
    ]),
    `${arrayDefinition(`static const int32_t ${biasName}[${units}] TINYML_FLASH`, folded.map(int32Literal))}\n`,
  );
  const scalars = [0, p.outputZeroPoint, p.multiplier, p.shift, p.minimum, p.maximum];
  const args = [from, weightsName, biasName, to, ...shape, ...scalars.map(int32Literal)];
  writeCall(
    context,
    `${title} (${readScale(input)} -> ${readScale(output)})`,
    "int8_dense.c",
    "tinyml_dense_int8",
    args,
  );
}

/**
 * The bias that lets the kernel multiply stored inputs as they are: (x − z) · w = x · w − z · Σw. All in 32 bits, as the
 * kernel itself adds.
 */
function foldZeroPoint(
  weights: Tensor,
  bias: Tensor | undefined,
  units: number,
  width: number,
  zeroPoint: number,
): number[] {
  const values = numbersOf(weights);
  const start = bias === undefined ? new Array<number>(units).fill(0) : numbersOf(bias);
  return start.map((value, unit) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += values[unit * width + i];
    return (value - zeroPoint * sum) | 0;
  });
}

function addConstant(context: Context, comment: string, ctype: string, name: string, tensor: Tensor): void {
  const literals = numbersOf(tensor).map(ctype === "float" ? floatLiteral : String);
  context.constantBytes += literals.length * elementBytes(tensor.type);
  const head = `static const ${ctype} ${name}[${literals.length}] TINYML_FLASH`;
  context.constants.push(blockComment([comment]), `${arrayDefinition(head, literals)}\n`);
}

function writeCall(context: Context, title: string, file: string, kernel: string, args: readonly string[]): void {
  context.kernelFiles.add(file);
  context.calls.push(`  /* ${title} */`, ...wrapCall(kernel, args));
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

function writeHeader(
  { model, type, plan }: Context,
  inputs: readonly CodeTensor[],
  outputs: readonly CodeTensor[],
  arenaBytes: number,
): string {
  const describe = (tensors: readonly CodeTensor[], indices: readonly number[], what: string): string[] =>
    tensors.flatMap(({ macro, length, quantization }, i) => {
      const { shape } = model.tensors[indices[i]];
      const unit = quantization ? `; real = ${quantization.scale} * (stored ${signed(-quantization.zeroPoint)})` : "";
      const offset = plan.offsets.get(indices[i]) ?? 0;
      return [
        `/* ${what}: ${type} [${shape.join("][")}]${unit} */`,
        `#define ${macro} (tinyml_model_arena${offset === 0 ? "" : ` + ${offset}`})`,
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
    `#define TINYML_MODEL_ARENA_BYTES ${arenaBytes}`,
    `extern ${elementType[type]} tinyml_model_arena[${plan.length}];`,
    "",
    ...describe(inputs, model.inputs, "Input"),
    ...describe(outputs, model.outputs, "Output"),
    "/* Computes the output from the input. */",
    "void tinyml_model_run(void);",
    "",
    "#ifdef __cplusplus",
    "}",
    "#endif",
    "",
    "#endif",
    "",
  ].join("\n");
}

function writeSource({ model, type, plan, constants, calls }: Context): string {
  const parameters = new Set(model.operators.flatMap((operator) => operator.inputs.slice(1)));
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
    '#include "tinyml_kernels.h"',
    "",
    `${elementType[type]} tinyml_model_arena[${plan.length}];`,
    "",
    ...constants,
    "void tinyml_model_run(void) {",
    ...calls,
    "}",
    "",
  ].join("\n");
}

function describeTensors(model: Model, indices: readonly number[], macro: string): CodeTensor[] {
  return indices.map((index, i) => {
    const tensor = model.tensors[index];
    const scale = tensor.quantization?.scales[0];
    return {
      macro: indices.length === 1 ? macro : `${macro}_${i + 1}`,
      length: elementCount(tensor.shape),
      quantization:
        tensor.type === "int8" && scale !== undefined
          ? { scale, zeroPoint: tensor.quantization?.zeroPoints[0] ?? 0 }
          : undefined,
    };
  });
}

function pointer({ plan }: Context, tensor: number): string {
  const offset = plan.offsets.get(tensor) ?? 0;
  return offset === 0 ? "tinyml_model_arena" : `tinyml_model_arena + ${offset}`;
}

function readScale(tensor: Tensor): string {
  if (tensor.quantization === undefined) return "";
  return `scale ${tensor.quantization.scales[0]} zero point ${tensor.quantization.zeroPoints[0]}`;
}

function quantizationOf(tensor: Tensor): Quantization {
  if (tensor.quantization !== undefined) return tensor.quantization;
  throw new TinymlError(
    "TINYML_MODEL_INVALID",
    `The int8 tensor "${tensor.name}" has no scale; quantize the model again.`,
  );
}

function numbersOf(tensor: Tensor): number[] {
  if (tensor.data === undefined || tensor.data instanceof BigInt64Array) {
    throw unsupported(`the tensor "${tensor.name}" is not a constant of numbers`);
  }
  return Array.from(tensor.data);
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
