import { TinymlError } from "../errors";
import type { Model, Operator, OperatorOptions, OperatorType, Tensor, TensorType } from "./model";
import { operatorRule } from "./operators";
import type { TypeSignature } from "./operators/operator-rule";
import { elementCount, isTensorDataOf, mayBeEmpty, tensorBytes, zeroPointRange } from "./tensor";
import { unsupportedModel } from "./unsupported";

/** More dimensions than this no operator of TensorFlow Lite works on. */
const MAXIMUM_RANK = 8;

/** More axes, sizes or paddings than this no operator takes; SPLIT_V takes the most. A longer list is read for each of its operators. */
const MAXIMUM_LIST = 4096;

/** One tensor's stated limit: what a 32-bit signed byte count can express. */
const MAXIMUM_TENSOR_BYTES = 2 ** 31 - 1;

/** Models that were found whole: nobody changes a model, and the reader, the writer and the runtime all ask. */
const sound = new WeakSet<Model>();

/**
 * Checks that a model is whole, so that everything after it may trust what it says: indices in range, shapes and types
 * that fit each other and their constants, sound quantization, operators in an order in which they can run, labels and
 * targets as many as the output has numbers. The writer checks what it writes, the reader what it has read.
 * Types that loading converts (uint8, float16 and int8 weights of float layers: prepareModel) pass, and what they become is
 * checked when they are converted.
 * Scales and the options' numbers must be representable in float32, because a file holds no other: a model in memory
 * and the same model from its file compute the same bits.
 *
 * @throws TinymlError TINYML_MODEL_INVALID naming the part as the file's schema does ("SubGraph.tensors[3].shape"),
 *   TINYML_MODEL_UNSUPPORTED for what is sound but can't be computed by this package
 */
export function checkModel(model: Model): void {
  if (sound.has(model)) return;
  const stored = storedTensors(model);
  model.tensors.forEach((tensor, index) => {
    checkTensor(tensor, index, stored.has(index));
  });
  const known: KnownTensors = { computed: new Set(), fixed: new Set() };
  model.tensors.forEach((tensor, index) => {
    if (tensor.data !== undefined && tensor.variable) {
      throw unsupported(`SubGraph.tensors[${index}].buffer`, "a variable tensor begins with other values than zero");
    }
    if (tensor.data !== undefined || tensor.variable) known.computed.add(index);
    if (tensor.data !== undefined) known.fixed.add(index);
  });
  model.inputs.forEach((index, i) => {
    const where = `SubGraph.inputs[${i}]`;
    const tensor = tensorAt(model, index, where);
    if (tensor.data !== undefined) throw invalid(where, `tensor ${index} is a constant, which nobody can fill`);
    if (known.computed.has(index)) throw invalid(where, `tensor ${index} is listed twice`);
    known.computed.add(index);
  });
  model.operators.forEach((operator, i) => {
    checkOperator(model, operator, `SubGraph.operators[${i}]`, known);
  });
  if (model.outputs.length === 0) throw invalid("SubGraph.outputs", "is empty");
  model.outputs.forEach((index, i) => {
    const where = `SubGraph.outputs[${i}]`;
    tensorAt(model, index, where);
    if (!known.computed.has(index)) throw invalid(where, `no operator computes tensor ${index}`);
    if (model.tensors[index].resource) throw invalid(where, `tensor ${index} is a resource, which must be read first`);
  });
  for (const { key, inputs, outputs } of model.signatures ?? []) {
    for (const { tensor } of [...inputs, ...outputs]) tensorAt(model, tensor, `signature "${key}"`);
  }
  checkMetadata(model);
  sound.add(model);
}

/** What is known of the tensors before an operator runs. */
interface KnownTensors {
  /** Those that have elements by then. */
  computed: Set<number>;
  /** Of these, those that have the same elements in every run: constants, and what is computed from constants alone. */
  fixed: Set<number>;
}

/** The tensors that have elements: all but those that only say how values inside of an operator are quantized. */
function storedTensors({ tensors, inputs, outputs, operators }: Model): Set<number> {
  const intermediates = new Set(operators.flatMap((operator) => operator.intermediates ?? []));
  const others = tensors.flatMap((_, index) => (intermediates.has(index) ? [] : [index]));
  return new Set([...others, ...inputs, ...outputs, ...operators.flatMap((one) => [...one.inputs, ...one.outputs])]);
}

function checkTensor(tensor: Tensor, index: number, isStored: boolean): void {
  const where = `SubGraph.tensors[${index}]`;
  if (tensor.shape.length > MAXIMUM_RANK) {
    throw unsupported(`${where}.shape`, `it has ${tensor.shape.length} dimensions, more than ${MAXIMUM_RANK}`);
  }
  const least = isStored && !(tensor.data !== undefined && mayBeEmpty(tensor.type)) ? 1 : 0;
  tensor.shape.forEach((dimension, axis) => {
    if (!Number.isInteger(dimension) || dimension < least) {
      throw invalid(`${where}.shape`, `dimension ${axis} is ${dimension}, where at least ${least} is needed`);
    }
  });
  const bytes = tensorBytes(tensor);
  if (bytes > MAXIMUM_TENSOR_BYTES) {
    throw invalid(`${where}.shape`, `[${tensor.shape}] claims ${bytes} bytes, more than 2 GB`);
  }
  if (tensor.data !== undefined) {
    if (!isTensorDataOf(tensor.type, tensor.data)) {
      throw invalid(`${where}.type`, `the constant is not held as ${tensor.type}`);
    }
    if (tensor.data.byteLength !== bytes) {
      throw invalid(
        `${where}.buffer`,
        `the constant has ${tensor.data.byteLength} bytes, but ${tensor.type} [${tensor.shape}] needs ${bytes}`,
      );
    }
  }
  const { initial } = tensor;
  if (initial !== undefined && (!isTensorDataOf(tensor.type, initial) || initial.byteLength !== bytes)) {
    throw invalid(
      where,
      `its variable [${tensor.shape}] of ${tensor.type} begins with ${initial.byteLength} other bytes`,
    );
  }
  if (!tensor.variable && (initial !== undefined || tensor.resource !== undefined)) {
    throw invalid(where, "it begins with elements or is a resource, but is no variable");
  }
  checkQuantization(tensor, `${where}.quantization`);
}

function checkQuantization({ quantization, shape, type }: Tensor, where: string): void {
  if (quantization === undefined) return;
  const { scales, zeroPoints, axis } = quantization;
  if (scales.length === 0) throw invalid(`${where}.scale`, "is empty");
  if (scales.length !== zeroPoints.length) {
    throw invalid(`${where}.zero_point`, `has ${zeroPoints.length} entries where scale has ${scales.length}`);
  }
  // older converters give a bias the axis of its weights; of one dimension there is no doubt which is meant
  const [channels] = shape.length === 1 ? shape : shape.slice(axis);
  if (!Number.isInteger(axis) || axis < 0 || axis >= (shape.length > 1 ? shape.length : MAXIMUM_RANK)) {
    throw invalid(`${where}.quantized_dimension`, `is ${axis}, but the tensor has ${shape.length} dimensions`);
  }
  if (scales.length > 1 && scales.length !== channels) {
    throw invalid(`${where}.scale`, `has ${scales.length} entries, but dimension ${axis} is ${channels}`);
  }
  const [low, high] = zeroPointRange(type);
  // loops, because a model has thousands of scales, and they are checked before any function has become fast
  for (let i = 0; i < scales.length; i++) {
    const scale = scales[i];
    // NaN fails the first comparison
    if (!(scale > 0) || scale === Infinity) throw invalid(`${where}.scale[${i}]`, `${scale} is not a positive number`);
    if (Math.fround(scale) !== scale) throw invalid(`${where}.scale[${i}]`, `${scale} is not a float32 number`);
  }
  for (let i = 0; i < zeroPoints.length; i++) {
    const zeroPoint = zeroPoints[i];
    if (!Number.isInteger(zeroPoint) || zeroPoint < low || zeroPoint > high) {
      throw invalid(`${where}.zero_point[${i}]`, `${zeroPoint} is outside of ${low}…${high} (${type})`);
    }
  }
}

function checkOperator(model: Model, operator: Operator, place: string, known: KnownTensors): void {
  const where = `${place} (${operator.type})`;
  const rule = operatorRule(operator.type);
  const required = rule.inputs.findLastIndex((input) => !input.optional && !input.refused) + 1;
  const repeated = rule.inputs.at(-1)?.repeated;
  const most = repeated ? Infinity : rule.inputs.length;
  if (operator.inputs.length < required || operator.inputs.length > most) {
    const wanted = required === most ? `${required}` : repeated ? `at least ${required}` : `${required} to ${most}`;
    throw invalid(`${where}.inputs`, `has ${operator.inputs.length} entries where ${wanted} are needed`);
  }
  if (rule.outputs !== "any" && operator.outputs.length !== rule.outputs) {
    throw invalid(`${where}.outputs`, `has ${operator.outputs.length} entries where ${rule.outputs} are needed`);
  }
  (operator.intermediates ?? []).forEach((index, i) => {
    tensorAt(model, index, `${where}.intermediates[${i}]`);
  });
  const inputCount = Math.max(operator.inputs.length, rule.inputs.length);
  const inputs = Array.from({ length: inputCount }, (_, i) => {
    const input = nth(rule.inputs, i);
    const index = operator.inputs[i] ?? -1;
    if (index === -1 && (input.optional || input.refused)) return undefined;
    if (index === -1) throw unsupported(where, `its ${input.name} are left out, which no kernel here computes`);
    if (input.refused)
      throw unsupported(`${where}.inputs[${i}]`, `it has ${input.name}, which no kernel here computes`);
    const tensor = tensorAt(model, index, `${where}.inputs[${i}]`);
    if (!known.computed.has(index)) {
      throw invalid(`${where}.inputs[${i}]`, `tensor ${index} is read before any operator computed it`);
    }
    if (input.constant && !known.fixed.has(index)) {
      throw unsupported(where, `its ${input.name} (tensor ${index}) are computed; this package wants constants`);
    }
    const isList = input.constant && !input.parameter && mayBeEmpty(tensor.type);
    if (isList && elementCount(tensor.shape) > MAXIMUM_LIST) {
      throw unsupported(where, `its ${input.name} (tensor ${index}) has more than ${MAXIMUM_LIST} entries`);
    }
    if (!input.constant && elementCount(tensor.shape) === 0) {
      throw unsupported(where, `its ${input.name} (tensor ${index}) has no elements`);
    }
    if (input.state && !tensor.variable) {
      throw invalid(`${where}.inputs[${i}]`, `its ${input.name} (tensor ${index}) is not a variable tensor`);
    }
    if (tensor.resource && !input.state) {
      throw invalid(
        `${where}.inputs[${i}]`,
        `its ${input.name} (tensor ${index}) is a resource, which must be read first`,
      );
    }
    return tensor;
  });
  const outputs = operator.outputs.map((index, i) => {
    const tensor = tensorAt(model, index, `${where}.outputs[${i}]`);
    if (known.computed.has(index)) {
      throw invalid(`${where}.outputs[${i}]`, `tensor ${index} is a constant, an input, or computed already`);
    }
    known.computed.add(index);
    return tensor;
  });
  if (isFixed(operator, known.fixed)) for (const index of operator.outputs) known.fixed.add(index);
  checkTypes(operator.type, inputs, outputs, where);
  // a constant that is yet to be computed may say what the shapes are; loading computes it and checks again (prepareModel)
  const isComplete = inputs.every((tensor, i) => !nth(rule.inputs, i).constant || !tensor || tensor.data !== undefined);
  if (isComplete) checkShapes(operator.type, operator.options, inputs, outputs, where);
}

/** Whether an operator computes the same in every run. */
export function isFixed({ type, inputs }: Operator, fixed: ReadonlySet<number>): boolean {
  const rule = operatorRule(type);
  if (rule.elementsOf !== undefined) return true;
  return inputs.every((index) => index < 0 || fixed.has(index)) && !rule.inputs.some(({ state }) => state);
}

function checkTypes(
  type: OperatorType,
  inputs: readonly (Tensor | undefined)[],
  outputs: readonly Tensor[],
  where: string,
): void {
  const rule = operatorRule(type);
  const signature = rule.types.find((types) => hasTypes(types, inputs, outputs, (tensor) => tensor.type));
  if (signature === undefined) {
    // what loading converts (prepareModel) is checked again when it has been converted
    if (rule.types.some((types) => hasTypes(types, inputs, outputs, convertedType))) return;
    const named = inputs.flatMap((tensor, i) => (tensor ? [`${nth(rule.inputs, i).name} ${tensor.type}`] : []));
    const found = [...named, ...outputs.map((tensor) => `output ${tensor.type}`)].join(", ");
    const computed = new Set(rule.types.map(([[first], [output]]) => first ?? output));
    throw unsupported(where, `with ${found}; this package computes it in ${[...computed].join(" or ")}`);
  }
  if (signature[0].includes("float32") && signature[1][0] === "float32") return;
  const perChannel = [...inputs, ...outputs].find((tensor, i) => {
    return !(i < inputs.length && nth(rule.inputs, i).perChannel) && (tensor?.quantization?.scales.length ?? 0) > 1;
  });
  if (perChannel !== undefined) {
    throw unsupported(where, `its tensor "${perChannel.name}" has a scale per channel; one scale is supported here`);
  }
  const problem = rule.checkQuantization?.(inputs, outputs);
  if (problem !== undefined) throw invalid(where, problem);
}

/** Whether kernels compute an operator in the types that its tensors have, without any conversion. */
export function hasComputedTypes({ tensors }: Model, { type, inputs, outputs }: Operator): boolean {
  const found = inputs.map((index): Tensor | undefined => tensors[index]);
  return operatorRule(type).types.some((types) =>
    hasTypes(
      types,
      found,
      outputs.map((index) => tensors[index]),
      (tensor) => tensor.type,
    ),
  );
}

function hasTypes(
  [inputTypes, outputTypes]: TypeSignature,
  inputs: readonly (Tensor | undefined)[],
  outputs: readonly Tensor[],
  typeOf: (tensor: Tensor, wanted: TensorType) => TensorType,
): boolean {
  const fits = (tensor: Tensor | undefined, wanted: TensorType) => !tensor || typeOf(tensor, wanted) === wanted;
  return (
    inputs.every((tensor, i) => fits(tensor, nth(inputTypes, i))) &&
    outputs.every((tensor, i) => fits(tensor, nth(outputTypes, i)))
  );
}

/** The type that a tensor has once a model is loaded: uint8 becomes int8, and stored weights of float layers floats. */
function convertedType({ type, data, quantization }: Tensor, wanted: TensorType): TensorType {
  const isStored = data !== undefined && (type === "float16" || quantization !== undefined);
  if (wanted === "float32" && isStored) return "float32";
  return type === "uint8" ? "int8" : type;
}

/** The entry of a list whose last one stands for all that follow. */
function nth<Entry>(entries: readonly Entry[], i: number): Entry {
  return entries[Math.min(i, entries.length - 1)];
}

function checkShapes<T extends OperatorType>(
  type: T,
  options: OperatorOptions[T],
  inputs: readonly (Tensor | undefined)[],
  outputs: readonly Tensor[],
  where: string,
): void {
  const rule = operatorRule(type);
  const problem = rule.checkOptions?.(options);
  if (problem !== undefined) throw invalid(where, problem);
  const shapes = rule.shapes(
    inputs.map((tensor) => tensor?.shape),
    options,
    inputs.map((tensor) => tensor?.data),
    outputs.map((tensor) => tensor.shape),
  );
  if (typeof shapes === "string") throw invalid(where, shapes);
  if (shapes.length !== outputs.length) {
    throw invalid(`${where}.outputs`, `has ${outputs.length} entries where ${shapes.length} are needed`);
  }
  outputs.forEach((output, i) => {
    if (`${output.shape}` === `${shapes[i]}`) return;
    throw invalid(`${where}.outputs[${i}]`, `the tensor's shape is [${output.shape}], the operator's [${shapes[i]}]`);
  });
}

/** Labels and targets name the numbers of the first output; a sigmoid's single number stands for two classes. */
function checkMetadata({ metadata, tensors, outputs }: Model): void {
  const numbers = tensors[outputs[0] ?? -1]?.shape.at(-1) ?? 1;
  const { labels, targets } = metadata ?? {};
  if (labels !== undefined && labels.length !== numbers && !(labels.length === 2 && numbers === 1)) {
    throw invalid("metadata TINYML_FLOWS.labels", `has ${labels.length} names, but the output has ${numbers} numbers`);
  }
  if (targets !== undefined && targets.length !== numbers) {
    throw invalid("metadata TINYML_FLOWS.targets", `has ${targets.length} entries, but the output ${numbers} numbers`);
  }
  for (const block of metadata?.features ?? []) {
    if (block.block === "normalize" && block.mean.length !== block.deviation.length) {
      throw invalid(
        "metadata TINYML_FLOWS.features",
        `${block.mean.length} means with ${block.deviation.length} deviations`,
      );
    }
  }
}

function tensorAt(model: Model, index: number, where: string): Tensor {
  const tensor = model.tensors[index];
  if (tensor === undefined) throw invalid(where, `there is no tensor ${index}; the model has ${model.tensors.length}`);
  return tensor;
}

function invalid(where: string, what: string): TinymlError {
  return new TinymlError("TINYML_MODEL_INVALID", `The model is damaged: ${where}: ${what}. Export it again.`);
}

function unsupported(where: string, what: string): TinymlError {
  return unsupportedModel(`${where}: ${what}`);
}
