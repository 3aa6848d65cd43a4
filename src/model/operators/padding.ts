import { integers, type KernelCall, type Operand, type Operands, required, tensorArgument } from "../kernel-call";
import type { OperatorOptions, Tensor, TensorData } from "../model";
import { elementBytes, elementCount, tensorBytes } from "../tensor";
import type { OperatorRules, Shape } from "./operator-rule";
import { movingTypes, wholeNumbers, zeroPointOf } from "./parameters";
import { copyCall, stridesOf } from "./strided-copy";

type Constants = readonly (TensorData | undefined)[];

/** What PAD and PADV2 share. */
const PAD = {
  outputs: 1,
  macs: () => 0,
  shapes([input = []]: readonly (Shape | undefined)[], _options: unknown, [, paddings]: Constants) {
    const edges = wholeNumbers(paddings);
    if (edges.length !== 2 * input.length || edges.some((edge) => edge < 0)) {
      return `its paddings [${edges}] must be two numbers from 0 on for each dimension of its input [${input}]`;
    }
    return [input.map((size, axis) => size + edges[2 * axis] + edges[2 * axis + 1])];
  },
} as const;

/** Operators that fill. */
export const PADDING: OperatorRules<"PAD" | "PADV2" | "MIRROR_PAD" | "FILL"> = {
  PAD: {
    ...PAD,
    inputs: [{ name: "input" }, { name: "paddings", constant: true }],
    types: movingTypes((element, parameter) => [element, parameter]),
    checkQuantization: (_inputs, [output]) =>
      output.type === "int16" && zeroPointOf(output) !== 0 ? "its int16 tensors must have zero point 0" : undefined,
    kernelCall(operands) {
      const [output] = operands.outputs;
      const bytes = tensorBytes(output);
      // the zero of all other types is zero in each of its bytes
      const zero = output.type === "int8" || output.type === "uint8" ? zeroPointOf(output) : 0;
      const clear: KernelCall = {
        kernel: "tinyml_set_bytes",
        file: "data_movement.c",
        arguments: [tensorArgument(output), ...integers(bytes, zero)],
      };
      return [clear, insideCall(operands)];
    },
  },
  PADV2: {
    ...PAD,
    inputs: [{ name: "input" }, { name: "paddings", constant: true }, { name: "value" }],
    types: movingTypes((element, parameter) => [element, parameter, element]),
    shapes(inputs, options, constants) {
      return elementCount(inputs[2] ?? []) === 1
        ? PAD.shapes(inputs, options, constants)
        : "its value is not one number";
    },
    checkQuantization([, , value]: readonly (Tensor | undefined)[], [output]) {
      const [from, to] = [value?.quantization, output.quantization];
      const isSame = from?.scales[0] === to?.scales[0] && from?.zeroPoints[0] === to?.zeroPoints[0];
      return isSame ? undefined : `its ${output.type} value and output must have the same scale and zero point`;
    },
    kernelCall: (operands) => [fillCall(required(operands.inputs[2]), operands.outputs[0]), insideCall(operands)],
  },
  MIRROR_PAD: {
    ...PAD,
    inputs: [{ name: "input" }, { name: "paddings", constant: true }],
    types: movingTypes((element, parameter) => [element, parameter]),
    shapes(inputs, { mode }, constants) {
      const [input = []] = inputs;
      const edges = wholeNumbers(constants[1]);
      const shapes = PAD.shapes(inputs, {}, constants);
      const isMirrored = edges.every((edge, i) => edge <= input[Math.trunc(i / 2)] - edgeOffset(mode));
      if (typeof shapes === "string" || isMirrored) return shapes;
      return `its paddings [${edges}] are larger than what its input [${input}] has to mirror`;
    },
    kernelCall: (operands, { mode }) => [insideCall(operands), ...mirrorCalls(operands, edgeOffset(mode))],
  },
  FILL: {
    inputs: [{ name: "shape", constant: true }, { name: "value" }],
    outputs: 1,
    types: movingTypes((element, parameter) => [parameter, element]),
    shapes([, value = []], _options, [shape]: Constants) {
      return elementCount(value) === 1 ? [wholeNumbers(shape)] : "its value is not one number";
    },
    macs: () => 0,
    kernelCall: ({ inputs: [, value], outputs: [output] }) => fillCall(required(value), output),
  },
};

/** How far behind the edge lies what is mirrored first. */
function edgeOffset(mode: OperatorOptions["MIRROR_PAD"]["mode"]): 0 | 1 {
  return mode === "REFLECT" ? 1 : 0;
}

/** The output's edges from what lies in the output already: along one axis after the other, those before it in full. */
function mirrorCalls({ inputs: [first, paddings], outputs: [output] }: Operands, offset: 0 | 1): KernelCall[] {
  const { shape } = required(first);
  const edges = wholeNumbers(paddings?.data);
  const strides = stridesOf(output.shape);
  return shape.flatMap((size, axis) => {
    const [before, after] = [edges[2 * axis], edges[2 * axis + 1]];
    const last = before + size - 1;
    const later = strides.reduce((sum, stride, i) => (i > axis ? sum + edges[2 * i] * stride : sum), 0);
    const mirrored = (count: number, from: number, to: number) =>
      copyCall(output, output, {
        sizes: shape.map((own, i) => (i < axis ? output.shape[i] : i === axis ? count : own)),
        inputStrides: strides.with(axis, -strides[axis]),
        outputStrides: strides,
        inputOffset: later + from * strides[axis],
        outputOffset: later + to * strides[axis],
      });
    return [
      ...(before > 0 ? [mirrored(before, 2 * before - 1 + offset, 0)] : []),
      ...(after > 0 ? [mirrored(after, last - offset, last + 1)] : []),
    ];
  });
}

/** Every element of the output as the one of a tensor. */
function fillCall(value: Operand, output: Operand): KernelCall {
  return {
    kernel: "tinyml_fill",
    file: "data_movement.c",
    arguments: [
      tensorArgument(value),
      tensorArgument(output),
      ...integers(elementCount(output.shape), elementBytes(output.type)),
    ],
  };
}

/** The input's copy to where it lies in the padded output. */
function insideCall({ inputs: [first, paddings], outputs: [output] }: Operands): KernelCall {
  const input = required(first);
  const edges = wholeNumbers(paddings?.data);
  const outputStrides = stridesOf(output.shape);
  return copyCall(input, output, {
    sizes: input.shape,
    inputStrides: stridesOf(input.shape),
    outputStrides,
    outputOffset: outputStrides.reduce((offset, stride, axis) => offset + stride * edges[2 * axis], 0),
  });
}
