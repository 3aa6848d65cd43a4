import { integers, type KernelArgument, type KernelCall, type Operand, required, tensorArgument } from "../kernel-call";
import type { TensorData } from "../model";
import { elementBytes } from "../tensor";
import type { OperatorRules, Shape } from "./operator-rule";
import { accepted, movingTypes, resolveAxis, wholeNumbers, zeroPointOf } from "./parameters";
import { copyCall, stridesOf } from "./strided-copy";

type Constants = readonly (TensorData | undefined)[];

/** Operators that give every element another place. */
export const REARRANGING: OperatorRules<
  | "TRANSPOSE"
  | "REVERSE_V2"
  | "SPACE_TO_BATCH_ND"
  | "BATCH_TO_SPACE_ND"
  | "SPACE_TO_DEPTH"
  | "DEPTH_TO_SPACE"
  | "TILE"
  | "BROADCAST_TO"
> = {
  TRANSPOSE: {
    inputs: [{ name: "input" }, { name: "perm", constant: true }],
    outputs: 1,
    types: movingTypes((element, parameter) => [element, parameter]),
    shapes([input = []], _options, [, perm]: Constants) {
      const order = permutation(input, wholeNumbers(perm));
      return typeof order === "string" ? order : [order.map((axis) => input[axis])];
    },
    macs: () => 0,
    kernelCall({ inputs: [first, perm], outputs: [output] }) {
      const input = required(first);
      const strides = stridesOf(input.shape);
      const order = accepted(permutation(input.shape, wholeNumbers(perm?.data)));
      return copyCall(input, output, {
        sizes: output.shape,
        inputStrides: order.map((axis) => strides[axis]),
        outputStrides: stridesOf(output.shape),
      });
    },
  },
  REVERSE_V2: {
    inputs: [{ name: "input" }, { name: "axes", constant: true }],
    outputs: 1,
    types: movingTypes((element) => [element, "int32"]),
    shapes([input = []], _options, [, axes]: Constants) {
      const wrong = wholeNumbers(axes).map((axis) => resolveAxis(input, axis));
      return wrong.find((found) => typeof found === "string") ?? [input];
    },
    macs: () => 0,
    kernelCall({ inputs: [first, axes], outputs: [output] }) {
      const input = required(first);
      const { shape } = input;
      const reversed = new Set(wholeNumbers(axes?.data).map((axis) => accepted(resolveAxis(shape, axis))));
      const strides = stridesOf(shape);
      return copyCall(input, output, {
        sizes: shape,
        inputStrides: strides.map((stride, axis) => (reversed.has(axis) ? -stride : stride)),
        outputStrides: strides,
        inputOffset: [...reversed].reduce((offset, axis) => offset + (shape[axis] - 1) * strides[axis], 0),
      });
    },
  },
  SPACE_TO_BATCH_ND: {
    inputs: [{ name: "input" }, { name: "block shape", constant: true }, { name: "paddings", constant: true }],
    outputs: 1,
    types: movingTypes((element, parameter) => [element, parameter, parameter]),
    shapes([input = []], _options, [, block, paddings]: Constants) {
      const cut = cutIntoBlocks(input, wholeNumbers(block), wholeNumbers(paddings));
      if (typeof cut === "string") return cut;
      const padded = cut.picture.map((size, i) => size + cut.before[i] + cut.after[i]);
      const batch = padded.map((size, i) => size / cut.block[i]);
      if (!batch.every(Number.isInteger))
        return `its padded pictures [${padded}] are no whole blocks of [${cut.block}]`;
      return [[input[0] * cut.block[0] * cut.block[1], ...batch.slice(0, cut.dimensions), ...cut.rest]];
    },
    macs: () => 0,
    kernelCall({ inputs: [input, block, paddings], outputs: [output] }) {
      const pictures = required(input);
      const value = integers(output.type === "int8" || output.type === "uint8" ? zeroPointOf(output) : 0);
      return blocksCall("tinyml_space_to_batch", [pictures, output], [pictures, output], [block, paddings], value);
    },
  },
  BATCH_TO_SPACE_ND: {
    inputs: [{ name: "input" }, { name: "block shape", constant: true }, { name: "crops", constant: true }],
    outputs: 1,
    types: movingTypes((element, parameter) => [element, parameter, parameter]),
    shapes([input = []], _options, [, block, crops]: Constants) {
      const cut = cutIntoBlocks(input, wholeNumbers(block), wholeNumbers(crops));
      if (typeof cut === "string") return cut;
      const batch = input[0] / (cut.block[0] * cut.block[1]);
      const cropped = cut.picture.map((size, i) => size * cut.block[i] - cut.before[i] - cut.after[i]);
      if (!Number.isInteger(batch)) return `its batch of ${input[0]} is no whole number of blocks of [${cut.block}]`;
      if (cropped.some((size) => size < 1)) return `its crops leave nothing of its input [${input}]`;
      return [[batch, ...cropped.slice(0, cut.dimensions), ...cut.rest]];
    },
    macs: () => 0,
    kernelCall({ inputs: [input, block, crops], outputs: [output] }) {
      const batches = required(input);
      return blocksCall("tinyml_batch_to_space", [batches, output], [output, batches], [block, crops], []);
    },
  },
  SPACE_TO_DEPTH: {
    inputs: [{ name: "input" }],
    outputs: 1,
    types: movingTypes((element) => [element]),
    shapes([input = []], { blockSize }) {
      const [batch = 1, height = 1, width = 1, depth = 1] = input;
      if (input.length !== 4) return `its input must have four dimensions, not ${input.length}`;
      if (!(blockSize >= 1) || height % blockSize !== 0 || width % blockSize !== 0) {
        return `its input [${input}] is no whole blocks of ${blockSize} × ${blockSize}`;
      }
      return [[batch, height / blockSize, width / blockSize, depth * blockSize * blockSize]];
    },
    macs: () => 0,
    kernelCall({ inputs, outputs: [output] }, { blockSize: block }) {
      const input = required(inputs[0]);
      const [batch, rows, columns] = output.shape;
      const depth = input.shape[3];
      const deep = [batch, rows, columns, block, block, depth];
      const flat = stridesOf([batch, rows, block, columns, block, depth]);
      // the block's rows come before the columns in the picture, and after them in the depth
      const inputStrides = [flat[0], flat[1], flat[3], flat[2], flat[4], flat[5]];
      return copyCall(input, output, { sizes: deep, inputStrides, outputStrides: stridesOf(deep) });
    },
  },
  DEPTH_TO_SPACE: {
    inputs: [{ name: "input" }],
    outputs: 1,
    types: movingTypes((element) => [element]),
    shapes([input = []], { blockSize }) {
      const [batch = 1, height = 1, width = 1, depth = 1] = input;
      if (input.length !== 4) return `its input must have four dimensions, not ${input.length}`;
      if (!(blockSize >= 1) || depth % (blockSize * blockSize) !== 0) {
        return `the depth of its input [${input}] is no whole blocks of ${blockSize} × ${blockSize}`;
      }
      return [[batch, height * blockSize, width * blockSize, depth / (blockSize * blockSize)]];
    },
    macs: () => 0,
    kernelCall({ inputs, outputs: [output] }, { blockSize: block }) {
      const input = required(inputs[0]);
      const [batch, rows, columns] = input.shape;
      const depth = output.shape[3];
      const flat = [batch, rows, block, columns, block, depth];
      const deep = stridesOf([batch, rows, columns, block, block, depth]);
      const inputStrides = [deep[0], deep[1], deep[3], deep[2], deep[4], deep[5]];
      return copyCall(input, output, { sizes: flat, inputStrides, outputStrides: stridesOf(flat) });
    },
  },
  TILE: {
    inputs: [{ name: "input" }, { name: "multiples", constant: true }],
    outputs: 1,
    types: movingTypes((element, parameter) => [element, parameter]),
    shapes([input = []], _options, [, multiples]: Constants) {
      const times = wholeNumbers(multiples);
      if (times.length !== input.length || times.some((count) => count < 1)) {
        return `its input [${input}] can't be repeated [${times}] times`;
      }
      return [input.map((dimension, axis) => dimension * times[axis])];
    },
    macs: () => 0,
    kernelCall({ inputs, outputs: [output] }) {
      const input = required(inputs[0]);
      const strides = stridesOf(input.shape);
      const outputStrides = stridesOf(output.shape);
      // each dimension twice: from repetition to repetition the input begins anew
      return copyCall(input, output, {
        sizes: input.shape.flatMap((size, axis) => [output.shape[axis] / size, size]),
        inputStrides: strides.flatMap((stride) => [0, stride]),
        outputStrides: outputStrides.flatMap((stride, axis) => [stride * input.shape[axis], stride]),
      });
    },
  },
  BROADCAST_TO: {
    inputs: [{ name: "input" }, { name: "shape", constant: true }],
    outputs: 1,
    types: movingTypes((element, parameter) => [element, parameter]),
    shapes([input = []], _options, [, shape]: Constants) {
      const wanted = wholeNumbers(shape);
      const missing = wanted.length - input.length;
      const fits = input.every((size, axis) => size === 1 || size === wanted[missing + axis]);
      return missing >= 0 && fits ? [wanted] : `its input [${input}] can't become [${wanted}]`;
    },
    macs: () => 0,
    kernelCall({ inputs, outputs: [output] }) {
      const input = required(inputs[0]);
      const strides = stridesOf(input.shape);
      const missing = output.shape.length - input.shape.length;
      return copyCall(input, output, {
        sizes: output.shape,
        inputStrides: output.shape.map((_, i) =>
          i < missing || input.shape[i - missing] === 1 ? 0 : strides[i - missing],
        ),
        outputStrides: stridesOf(output.shape),
      });
    },
  },
};

/** The order of the axes; a sentence where it is none. */
function permutation(shape: Shape, perm: readonly number[]): readonly number[] | string {
  const axes = perm.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const isWhole = axes.length === shape.length && shape.every((_, axis) => axes.includes(axis));
  return isWhole ? axes : `its perm [${perm}] is no order of the axes of its input [${shape}]`;
}

/** The operands of the block operators, of one spatial dimension or two; with one, the second is 1. */
function cutIntoBlocks(input: Shape, block: readonly number[], edges: readonly number[]) {
  const dimensions = block.length;
  if (dimensions < 1 || dimensions > 2 || input.length <= dimensions) {
    return `its input [${input}] is cut along ${dimensions} dimensions; this package cuts along one or two of more`;
  }
  if (edges.length !== 2 * dimensions)
    return `it has ${edges.length} numbers for the edges of ${dimensions} dimensions`;
  if (block.some((size) => size < 1) || edges.some((edge) => edge < 0)) {
    return `its blocks [${block}] must have elements, and its edges [${edges}] not be below 0`;
  }
  const second = <Value>(values: readonly Value[], absent: Value): readonly Value[] => [values[0], values[1] ?? absent];
  return {
    dimensions,
    block: second(block, 1),
    picture: second(input.slice(1, 1 + dimensions), 1),
    before: second(
      edges.filter((_, i) => i % 2 === 0),
      0,
    ),
    after: second(
      edges.filter((_, i) => i % 2 === 1),
      0,
    ),
    rest: input.slice(1 + dimensions),
  };
}

function blocksCall(
  kernel: string,
  [input, output]: readonly [Operand, Operand],
  [pictures, batches]: readonly [Operand, Operand],
  [block, edges]: readonly (Operand | undefined)[],
  last: readonly KernelArgument[],
): KernelCall {
  const sizes = wholeNumbers(block?.data);
  const { picture, before, rest } = accepted(cutIntoBlocks(pictures.shape, sizes, wholeNumbers(edges?.data)));
  const [, batchHeight, second = 1] = batches.shape;
  const fields = {
    pictures: pictures.shape[0],
    height: picture[0],
    width: picture[1],
    elementBytes: rest.reduce((product, size) => product * size, elementBytes(output.type)),
    blockHeight: sizes[0],
    blockWidth: sizes[1] ?? 1,
    batchHeight,
    batchWidth: sizes.length === 2 ? second : 1,
    top: before[0],
    left: before[1],
  };
  const struct: KernelArgument = {
    kind: "struct",
    struct: { type: "tinyml_batch_blocks", comment: "How pictures are cut into blocks.", fields },
  };
  return {
    kernel,
    file: "data_movement.c",
    arguments: [tensorArgument(input), tensorArgument(output), struct, ...last],
  };
}
