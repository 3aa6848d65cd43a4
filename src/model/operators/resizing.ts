import {
  computedArgument,
  integers,
  type KernelArgument,
  type KernelCall,
  type Operands,
  perSample,
  required,
  tensorArgument,
} from "../kernel-call";
import type { ResizeOptions, Tensor, TensorData } from "../model";
import { elementBytes } from "../tensor";
import { haveSameScale, type OperatorRules, type Shape } from "./operator-rule";
import { movingTypes, wholeNumbers } from "./parameters";

/** What both operators share. */
const RESIZE = {
  inputs: [{ name: "input" }, { name: "size", constant: true }],
  outputs: 1,
  macs: () => 0,
  checkOptions({ alignCorners, halfPixelCenters }: ResizeOptions): string | undefined {
    return alignCorners && halfPixelCenters
      ? "it can't have aligned corners and half-pixel centers at once"
      : undefined;
  },
  shapes(
    [input = []]: readonly (Shape | undefined)[],
    _options: ResizeOptions,
    [, size]: readonly (TensorData | undefined)[],
  ): readonly Shape[] | string {
    const wanted = wholeNumbers(size);
    if (input.length !== 4) return `its input must have four dimensions, not ${input.length}`;
    // beyond, the kernels' places in the picture have no room in 32 bits
    const fits = [...wanted, input[1], input[2]].every((side) => side >= 1 && side <= LARGEST_SIDE);
    if (wanted.length !== 2 || !fits) {
      return `its input [${input}] can't get the size [${wanted}]; sides from 1 to ${LARGEST_SIDE} are possible`;
    }
    return [[input[0], wanted[0], wanted[1], input[3]]];
  },
} as const;

const LARGEST_SIDE = 2 ** 20;

/** Pictures of another size. */
export const RESIZING: OperatorRules<"RESIZE_NEAREST_NEIGHBOR" | "RESIZE_BILINEAR"> = {
  RESIZE_NEAREST_NEIGHBOR: {
    ...RESIZE,
    // TensorFlow Lite has both at once for this operator
    checkOptions: () => undefined,
    types: movingTypes((element, parameter) => [element, parameter]),
    kernelCall({ inputs, outputs: [output] }, options) {
      const input = required(inputs[0]);
      const places = [1, 2].flatMap((axis) => nearestPlaces(input.shape[axis], output.shape[axis], options));
      return {
        kernel: "tinyml_resize_nearest",
        file: "resize.c",
        arguments: [
          ...firstArguments({ inputs, outputs: [output], intermediates: [] }),
          computedArgument("table", Int32Array.from(places)),
          ...integers(elementBytes(output.type)),
        ],
      };
    },
  },
  RESIZE_BILINEAR: {
    ...RESIZE,
    types: [
      [["float32", "int32"], ["float32"]],
      [["int8", "int32"], ["int8"]],
    ],
    checkQuantization([input]: readonly (Tensor | undefined)[], [output]) {
      return haveSameScale(input, output)
        ? undefined
        : "its int8 input and output must have the same scale and zero point";
    },
    kernelCall(operands, options): KernelCall {
      const { shape: to, type } = operands.outputs[0];
      const { shape: from } = required(operands.inputs[0]);
      const scaleOf = type === "float32" ? floatScale : fixedScale;
      const scales = [1, 2].map((axis) => scaleOf(from[axis], to[axis], options));
      return {
        kernel: `tinyml_resize_bilinear_${type === "float32" ? "float" : "int8"}`,
        file: "resize.c",
        arguments: [...firstArguments(operands), ...integers(options.halfPixelCenters ? 1 : 0), ...scales],
      };
    },
  },
};

function firstArguments({ inputs, outputs: [output] }: Operands): KernelArgument[] {
  const input = required(inputs[0]);
  const [batch, inputHeight, inputWidth, channels] = input.shape;
  const [, outputHeight, outputWidth] = output.shape;
  const fields = { inputHeight, inputWidth, outputHeight, outputWidth, channels };
  return [
    tensorArgument(input),
    tensorArgument(output),
    perSample(batch),
    { kind: "struct", struct: { type: "tinyml_resizing", comment: "The pictures' sizes.", fields } },
  ];
}

/** How far apart in the input neighbours of the output lie; with aligned corners the last of both lie on each other. */
function ratio(from: number, to: number, alignCorners: true | undefined): [over: number, under: number] {
  return alignCorners && to > 1 ? [from - 1, to - 1] : [from, to];
}

/** In float32, as TensorFlow Lite has it. */
function floatScale(from: number, to: number, { alignCorners }: ResizeOptions): KernelArgument {
  const [over, under] = ratio(from, to, alignCorners);
  return { kind: "real", value: Math.fround(over / under) };
}

/** In steps of 1/1024, rounded, as TensorFlow Lite has it. */
function fixedScale(from: number, to: number, { alignCorners }: ResizeOptions): KernelArgument {
  const [over, under] = ratio(from, to, alignCorners);
  return { kind: "integer", value: Math.floor((1024 * over + Math.floor(under / 2)) / under) };
}

/** Which row or column of the input each of the output is, in TensorFlow Lite's 32-bit arithmetic. */
function nearestPlaces(from: number, to: number, { alignCorners, halfPixelCenters }: ResizeOptions): number[] {
  const [over, under] = ratio(from, to, alignCorners);
  const scale = Math.fround(over / under);
  return Array.from({ length: to }, (_, at) => {
    const place = Math.fround(Math.fround(at + (halfPixelCenters ? 0.5 : 0)) * scale);
    // numbers are not below 0, where Math.round rounds halves as C does
    return Math.min(alignCorners ? Math.round(place) : Math.floor(place), from - 1);
  });
}
