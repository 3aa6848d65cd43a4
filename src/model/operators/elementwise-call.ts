import {
  type KernelArgument,
  type KernelCall,
  type Operand,
  type Operands,
  perSample,
  required,
  tensorArgument,
} from "../kernel-call";
import { elementCount } from "../tensor";

/** The input and the output of an operator that has one of each. */
export function ends({ inputs: [input], outputs: [output] }: Operands): [input: Operand, output: Operand] {
  return [required(input), output];
}

/** The call of a kernel that goes over all elements: input, output, how many, and what else it wants to know. */
export function elementwiseCall(
  kernel: string,
  file: string,
  operands: Operands,
  last: readonly KernelArgument[],
): KernelCall {
  const [input, output] = ends(operands);
  const count = perSample(elementCount(output.shape));
  return { kernel, file, arguments: [tensorArgument(input), tensorArgument(output), count, ...last] };
}
