import { type KernelCall, type KernelStruct, type Operand, tensorArgument } from "../kernel-call";
import { elementBytes } from "../tensor";
import { unsupportedModel } from "../unsupported";

/**
 * Which elements of one tensor go where in another: a block of `sizes` elements, whose neighbours along each dimension lie
 * so many elements apart on either side, from the first one's place on.
 */
export interface StridedCopy {
  sizes: readonly number[];
  inputStrides: readonly number[];
  outputStrides: readonly number[];
  inputOffset?: number;
  outputOffset?: number;
}

/** How many dimensions tinyml_copy goes through. */
const COPY_DIMENSIONS = 6;

/** The distances between neighbours along each dimension of a shape, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let distance = 1;
  for (const dimension of shape.toReversed()) {
    strides.unshift(distance);
    distance *= dimension;
  }
  return strides;
}

/**
 * The call of tinyml_copy that does it: dimensions of one element are left out, neighbours that lie alike on both sides are
 * taken together, and elements side by side are one block.
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED where more dimensions are left than the kernel goes through
 */
export function copyCall(input: Operand, output: Operand, copy: StridedCopy): KernelCall {
  const bytes = elementBytes(output.type);
  const dimensions: { size: number; from: number; to: number }[] = [];
  copy.sizes.forEach((size, i) => {
    const [from, to] = [copy.inputStrides[i], copy.outputStrides[i]];
    const outer = dimensions.at(-1);
    if (size === 1) return;
    if (outer !== undefined && outer.from === from * size && outer.to === to * size) {
      dimensions[dimensions.length - 1] = { size: outer.size * size, from, to };
    } else {
      dimensions.push({ size, from, to });
    }
  });
  const innermost = dimensions.at(-1);
  const isRun = innermost?.from === 1 && innermost.to === 1;
  const block = isRun ? innermost.size : 1;
  if (isRun) dimensions.pop();
  if (dimensions.length > COPY_DIMENSIONS) {
    throw unsupportedModel(
      `to compute the tensor "${output.name}", ${dimensions.length} dimensions must be gone through; this package goes through ${COPY_DIMENSIONS}`,
    );
  }
  const left = COPY_DIMENSIONS - dimensions.length;
  const all = [...Array.from({ length: left }, () => ({ size: 1, from: 0, to: 0 })), ...dimensions];
  const strides: KernelStruct = {
    type: "tinyml_strides",
    comment: "Which bytes go where.",
    fields: {
      sizes: all.map(({ size }) => size),
      inputStrides: all.map(({ from }) => from * bytes),
      outputStrides: all.map(({ to }) => to * bytes),
      inputOffset: (copy.inputOffset ?? 0) * bytes,
      outputOffset: (copy.outputOffset ?? 0) * bytes,
      blockBytes: block * bytes,
    },
  };
  return {
    kernel: "tinyml_copy",
    file: "data_movement.c",
    arguments: [tensorArgument(input), tensorArgument(output), { kind: "struct", struct: strides }],
  };
}
