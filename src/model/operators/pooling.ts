import {
  integers,
  type KernelArgument,
  type KernelCall,
  type Operands,
  perSample,
  quantizationOf,
  required,
  tensorArgument,
} from "../kernel-call";
import type { PoolOptions, Tensor } from "../model";
import { activationRange } from "../quantization";
import { checkWindowOptions, slideWindow } from "../window";
import { slidOutput } from "./convolution";
import { ELEMENTWISE, kernelType, type OperatorRules, perTensor, type Shape } from "./operator-rule";
import { windowArgument } from "./window-argument";

/** Pooling, the mean or the largest. */
const POOL = {
  inputs: ELEMENTWISE.inputs,
  outputs: 1,
  types: [...ELEMENTWISE.types, [["int16"], ["int16"]]],
  shapes([input = []]: readonly (Shape | undefined)[], options: PoolOptions) {
    const [batch = 1, height = 1, width = 1, channels = 1] = input;
    if (input.length !== 4) return `its input must have four dimensions, not ${input.length}`;
    const { filterHeight, filterWidth } = options;
    return slidOutput(batch, slideWindow([height, width, channels], [filterHeight, filterWidth], channels, options));
  },
  macs: () => 0,
  checkOptions(options: PoolOptions): string | undefined {
    const { filterHeight, filterWidth } = options;
    if (!(filterHeight >= 1) || !(filterWidth >= 1))
      return `its window ${filterHeight}×${filterWidth} must have elements`;
    return checkWindowOptions(options);
  },
  checkQuantization([input]: readonly (Tensor | undefined)[], [output]: readonly Tensor[]): string | undefined {
    const [from, to] = [perTensor(input), perTensor(output)];
    if (from === undefined || to === undefined) return "its integer input and output must have one scale each";
    // TensorFlow Lite Micro allows as much
    if (Math.abs(from.scale - to.scale) <= 1e-6 && from.zeroPoint === to.zeroPoint) return undefined;
    return "its integer input and output must have the same scale and zero point";
  },
} as const;

/** What takes the numbers of a window together to one. */
export const POOLING: OperatorRules<"AVERAGE_POOL_2D" | "MAX_POOL_2D"> = {
  AVERAGE_POOL_2D: { ...POOL, kernelCall: (operands, options) => pool(operands, options, "average") },
  MAX_POOL_2D: { ...POOL, kernelCall: (operands, options) => pool(operands, options, "max") },
};

function pool({ inputs, outputs: [output] }: Operands, options: PoolOptions, name: "average" | "max"): KernelCall {
  const input = required(inputs[0]);
  const { filterHeight, filterWidth, activation } = options;
  const type = kernelType(output);
  const p = type === "float" ? undefined : activationRange(activation, quantizationOf(output), type);
  const last: KernelArgument[] = p ? integers(p.minimum, p.maximum) : [{ kind: "activation", activation }];
  const all: KernelArgument[] = [
    tensorArgument(input),
    tensorArgument(output),
    perSample(input.shape[0]),
    windowArgument(input.shape, [filterHeight, filterWidth], input.shape[3], options),
    ...last,
  ];
  return { kernel: `tinyml_${name}_pool_${type}`, file: `${type}_pool.c`, arguments: all };
}
