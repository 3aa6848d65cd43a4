import { integers, type KernelCall, type Operands, required, tensorArgument } from "../kernel-call";
import type { OperatorOptions, TensorData } from "../model";
import { elementBytes, elementCount } from "../tensor";
import type { OperatorRules, Shape } from "./operator-rule";
import { accepted, movingTypes, resolveAxis, singleNumber, wholeNumbers } from "./parameters";
import { copyCall, stridesOf } from "./strided-copy";

type Shapes = readonly (Shape | undefined)[];
type Constants = readonly (TensorData | undefined)[];

/** Operators whose outputs are parts of their input. */
export const SLICING: OperatorRules<"SLICE" | "STRIDED_SLICE" | "SPLIT" | "SPLIT_V" | "UNPACK" | "GATHER"> = {
  SLICE: {
    inputs: [{ name: "input" }, { name: "begin", constant: true }, { name: "size", constant: true }],
    outputs: 1,
    types: movingTypes((element, parameter) => [element, parameter]),
    shapes([input = []], _options, [, begin, size]: Constants) {
      const part = slicePart(input, wholeNumbers(begin), wholeNumbers(size));
      return typeof part === "string" ? part : [part.shape];
    },
    macs: () => 0,
    kernelCall({ inputs: [input, begin, size], outputs }) {
      const { shape } = required(input);
      const part = accepted(slicePart(shape, wholeNumbers(begin?.data), wholeNumbers(size?.data)));
      return partCall({ inputs: [input], outputs, intermediates: [] }, part);
    },
  },
  STRIDED_SLICE: {
    inputs: [
      { name: "input" },
      { name: "begin", constant: true },
      { name: "end", constant: true },
      { name: "strides", constant: true },
    ],
    outputs: 1,
    types: movingTypes((element, parameter) => [element, parameter]),
    shapes([input = []], options, [, begin, end, strides]: Constants) {
      const part = stridedPart(input, [begin, end, strides], options);
      return typeof part === "string" ? part : [part.shape];
    },
    macs: () => 0,
    kernelCall({ inputs: [input, ...parameters], outputs }, options) {
      const constants = parameters.map((parameter) => parameter?.data);
      const part = accepted(stridedPart(required(input).shape, constants, options));
      return partCall({ inputs: [input], outputs, intermediates: [] }, part);
    },
  },
  SPLIT: {
    inputs: [{ name: "axis", constant: true }, { name: "input" }],
    outputs: "any",
    types: movingTypes((element, parameter) => [parameter, element]),
    shapes([, input = []]: Shapes, { count }, [axis]: Constants) {
      const along = resolveAxis(input, singleNumber(axis));
      if (typeof along === "string") return along;
      if (!isCountOfParts(count) || input[along] % count !== 0) {
        return `its input [${input}] can't be split into ${count} equal parts along axis ${along}`;
      }
      return Array.from({ length: count }, () => input.with(along, input[along] / count));
    },
    macs: () => 0,
    kernelCall: ({ inputs: [axis, input], outputs, intermediates }) =>
      splitCalls({ inputs: [input], outputs, intermediates }, singleNumber(axis?.data)),
  },
  SPLIT_V: {
    inputs: [{ name: "input" }, { name: "sizes", constant: true }, { name: "axis", constant: true }],
    outputs: "any",
    types: [
      ...movingTypes((element, parameter) => [element, parameter, "int32"]),
      ...movingTypes((element, parameter) => [element, parameter, "int64"]),
    ],
    shapes([input = []]: Shapes, { count }, [, sizes, axis]: Constants) {
      const along = resolveAxis(input, singleNumber(axis));
      if (typeof along === "string") return along;
      const wanted = wholeNumbers(sizes);
      if (wanted.length !== count) return `it has ${wanted.length} sizes, but its options say ${count}`;
      const known = wanted.reduce((sum, size) => (size === -1 ? sum : sum + size), 0);
      const parts = wanted.map((size) => (size === -1 ? input[along] - known : size));
      const total = parts.reduce((sum, size) => sum + size, 0);
      if (total !== input[along] || !parts.every((size) => size >= 1)) {
        return `its input [${input}] can't be split into parts of ${wanted} along axis ${along}`;
      }
      return parts.map((size) => input.with(along, size));
    },
    macs: () => 0,
    kernelCall: ({ inputs: [input, , axis], outputs, intermediates }) =>
      splitCalls({ inputs: [input], outputs, intermediates }, singleNumber(axis?.data)),
  },
  UNPACK: {
    inputs: [{ name: "input" }],
    outputs: "any",
    types: movingTypes((element) => [element]),
    shapes([input = []]: Shapes, { count, axis }) {
      const along = resolveAxis(input, axis);
      if (typeof along === "string") return along;
      if (!isCountOfParts(count) || input[along] !== count)
        return `its input [${input}] can't be taken apart into ${count} along axis ${along}`;
      return Array.from({ length: count }, () => input.toSpliced(along, 1));
    },
    macs: () => 0,
    kernelCall({ inputs, outputs }, { axis }) {
      const input = required(inputs[0]);
      const along = accepted(resolveAxis(input.shape, axis));
      const strides = stridesOf(input.shape);
      return outputs.map((output, i) =>
        copyCall(input, output, {
          sizes: output.shape,
          inputStrides: strides.toSpliced(along, 1),
          outputStrides: stridesOf(output.shape),
          inputOffset: i * strides[along],
        }),
      );
    },
  },
  GATHER: {
    inputs: [{ name: "input" }, { name: "indices" }],
    outputs: 1,
    types: movingTypes((element) => [element, "int32"]),
    shapes([input = [], indices = []]: Shapes, options, [, constant]: Constants) {
      const found = gatheredAxes(input, indices, options);
      if (typeof found === "string") return found;
      const { along, batches } = found;
      const outside = wholeNumbers(constant).find((index) => index < 0 || index >= input[along]);
      if (outside !== undefined) return `its input [${input}] has nothing at index ${outside} of axis ${along}`;
      return [[...input.slice(0, along), ...indices.slice(batches), ...input.slice(along + 1)]];
    },
    macs: () => 0,
    kernelCall({ inputs, outputs: [output] }, options) {
      const [input, indices] = [required(inputs[0]), required(inputs[1])];
      const { along, batches } = accepted(gatheredAxes(input.shape, indices.shape, options));
      const sizes = [
        elementCount(input.shape.slice(0, batches)),
        elementCount(input.shape.slice(batches, along)),
        input.shape[along],
        elementCount(indices.shape.slice(batches)),
        elementCount(input.shape.slice(along + 1)) * elementBytes(input.type),
      ];
      const tensors = [input, indices, output].map(tensorArgument);
      return { kernel: "tinyml_gather", file: "data_movement.c", arguments: [...tensors, ...integers(...sizes)] };
    },
  },
};

/** The axis that GATHER takes from, and how many dimensions before it are batches; or what is wrong with them. */
function gatheredAxes(
  input: Shape,
  indices: Shape,
  { axis, batchDimensions }: OperatorOptions["GATHER"],
): { along: number; batches: number } | string {
  const along = resolveAxis(input, axis);
  if (typeof along === "string") return along;
  const batches = batchDimensions < 0 ? batchDimensions + indices.length : batchDimensions;
  const isShared = batches >= 0 && batches <= indices.length && batches <= along;
  if (isShared && indices.slice(0, batches).every((size, i) => size === input[i])) return { along, batches };
  return `its input [${input}] and indices [${indices}] do not have ${batchDimensions} batch dimensions in common before axis ${along}`;
}

/** Whether an operator may have so many outputs: an untrue count must not make whoever checks it work for long. */
function isCountOfParts(count: number): boolean {
  return count >= 1 && count <= 4096;
}

/** What of a tensor is taken: `sizes` elements along each dimension, from `starts` on, every `steps`-th; and its shape. */
interface Part {
  starts: readonly number[];
  steps: readonly number[];
  sizes: readonly number[];
  shape: Shape;
}

function partCall({ inputs, outputs: [output] }: Operands, { starts, steps, sizes }: Part): KernelCall {
  const input = required(inputs[0]);
  const strides = stridesOf(input.shape);
  return copyCall(input, output, {
    sizes,
    inputStrides: strides.map((stride, axis) => stride * steps[axis]),
    outputStrides: stridesOf(sizes),
    inputOffset: strides.reduce((offset, stride, axis) => offset + stride * starts[axis], 0),
  });
}

/** A copy for each output: the outputs' parts of the input follow each other along an axis. */
function splitCalls({ inputs, outputs }: Operands, axis: number): KernelCall[] {
  const input = required(inputs[0]);
  const along = accepted(resolveAxis(input.shape, axis));
  const strides = stridesOf(input.shape);
  let start = 0;
  return outputs.map((output) => {
    const inputOffset = start * strides[along];
    start += output.shape[along];
    return copyCall(input, output, {
      sizes: output.shape,
      inputStrides: strides,
      outputStrides: stridesOf(output.shape),
      inputOffset,
    });
  });
}

/** SLICE's part of its input; a size of −1 is all that follows. */
function slicePart(input: Shape, starts: readonly number[], wanted: readonly number[]): Part | string {
  if (starts.length !== input.length || wanted.length !== input.length) {
    return `its begin has ${starts.length} and its size ${wanted.length} entries for an input of ${input.length} dimensions`;
  }
  const sizes = wanted.map((size, axis) => (size === -1 ? input[axis] - starts[axis] : size));
  const isInside = sizes.every((size, axis) => size >= 1 && starts[axis] >= 0 && starts[axis] + size <= input[axis]);
  if (!isInside) return `its input [${input}] does not have the part that begins at [${starts}] with size [${wanted}]`;
  return { starts, steps: input.map(() => 1), sizes, shape: sizes };
}

/**
 * STRIDED_SLICE's part of its input, as TensorFlow Lite's strided_slice_logic.h has it: each entry of begin, end and
 * strides is for the next dimension, or for as many as there are too few entries (the ellipsis), or adds one.
 */
function stridedPart(input: Shape, constants: Constants, options: OperatorOptions["STRIDED_SLICE"]): Part | string {
  const [begins, ends, strides] = constants.map(wholeNumbers);
  const entries = begins.length;
  if (ends.length !== entries || strides.length !== entries) {
    return `its begin, end and strides have ${entries}, ${ends.length} and ${strides.length} entries`;
  }
  // masks have 32 bits
  if (entries > 31) return `its begin has ${entries} entries`;
  const has = (mask: number, entry: number) => ((mask >> entry) & 1) === 1;
  const ellipsis = begins.findIndex((_, entry) => has(options.ellipsisMask, entry));
  const adds = (entry: number) => entry !== ellipsis && has(options.newAxisMask, entry);
  const named = begins.filter((_, entry) => entry !== ellipsis && !adds(entry)).length;
  if (named > input.length) return `its begin has ${entries} entries for an input of ${input.length} dimensions`;
  const part: { starts: number[]; steps: number[]; sizes: number[]; shape: number[] } = {
    starts: [],
    steps: [],
    sizes: [],
    shape: [],
  };
  const takeAll = (count: number): void => {
    for (const size of input.slice(part.sizes.length, part.sizes.length + count)) {
      part.starts.push(0);
      part.steps.push(1);
      part.sizes.push(size);
      part.shape.push(size);
    }
  };
  for (let entry = 0; entry < entries; entry++) {
    if (entry === ellipsis) {
      takeAll(input.length - named);
    } else if (adds(entry)) {
      part.shape.push(1);
    } else {
      const axis = part.sizes.length;
      const range = rangeOf(input[axis], begins[entry], ends[entry], strides[entry], {
        fromStart: has(options.beginMask, entry),
        toEnd: has(options.endMask, entry),
        single: has(options.shrinkAxisMask, entry),
        relative: options.offset === true,
      });
      if (range === undefined) {
        return `of dimension ${axis} of its input [${input}], ${begins[entry]} to ${ends[entry]} by ${strides[entry]} is nothing`;
      }
      part.starts.push(range.start);
      part.steps.push(strides[entry]);
      part.sizes.push(range.size);
      if (!has(options.shrinkAxisMask, entry)) part.shape.push(range.size);
    }
  }
  takeAll(input.length - part.sizes.length);
  return part;
}

/** The first index and the number of those that a range of a dimension has; undefined where it has none. */
function rangeOf(
  dimension: number,
  begin: number,
  end: number,
  step: number,
  { fromStart, toEnd, single, relative }: { fromStart: boolean; toEnd: boolean; single: boolean; relative: boolean },
): { start: number; size: number } | undefined {
  if (step === 0) return undefined;
  const forward = step > 0;
  const [lowest, highest] = forward ? [0, dimension] : [-1, dimension - 1];
  const clamp = (index: number) => Math.min(Math.max(index < 0 ? index + dimension : index, lowest), highest);
  const start = fromStart ? (forward ? 0 : dimension - 1) : clamp(begin);
  if (single) return start >= 0 && start < dimension ? { start, size: 1 } : undefined;
  const stop = toEnd ? (forward ? dimension : -1) : clamp(relative ? end + start : end);
  const size = Math.ceil((stop - start) / step);
  return size > 0 ? { start, size } : undefined;
}
