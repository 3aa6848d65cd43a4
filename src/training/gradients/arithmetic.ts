import { TinymlError } from "../../errors";
import type { OperatorOf, Tensor } from "../../model/model";
import { elementCount } from "../../model/tensor";
import { activationNumber } from "../../runtime/place-model";
import type { GradientRules, TrainingPlaces, TrainingWork } from "./gradient-rule";

type Arithmetic = "ADD" | "SUB" | "MUL";

/** Arithmetic of two operands: of one shape, or one of them a constant that is repeated along the first dimensions. */
export const ARITHMETIC_GRADIENTS: GradientRules<Arithmetic> = {
  ADD: { backward: (operator, places) => ofOperands(operator, places, [1, 1]) },
  SUB: { backward: (operator, places) => ofOperands(operator, places, [1, -1]) },
  MUL: { backward: (operator, places) => ofOperands(operator, places, [1, 1]) },
};

function ofOperands(
  { type, inputs, outputs: [output], options }: OperatorOf<Arithmetic>,
  places: TrainingPlaces,
  signs: readonly [number, number],
): TrainingWork {
  const { kernels, model } = places;
  const { call } = kernels;
  const count = places.count(output);
  const [value, gradient] = [places.value(output), places.gradient(output)];
  const activation = activationNumber[options.activation];
  const operands = inputs.map((input) => {
    const tensor = model.tensors[input];
    checkRepeated(type, tensor, model.tensors[output]);
    const isConstant = tensor.data !== undefined;
    const own = places.count(input);
    // what is computed has numbers of its own for each sample
    const countIn = (batch: number): number => (isConstant ? own : batch * own);
    return { value: places.value(input), gradient: places.gradient(input), countIn };
  });
  return [
    (batch) => {
      call.tinyml_fused_activation_gradient(value, gradient, batch * count, activation);
      operands.forEach((operand, i) => {
        if (operand.gradient === 0) return;
        const other = operands[1 - i];
        call.tinyml_operand_gradient(
          gradient,
          type === "MUL" ? other.value : 0,
          other.countIn(batch),
          signs[i],
          operand.gradient,
          operand.countIn(batch),
          batch * count,
        );
      });
    },
  ];
}

/** @throws TinymlError TINYML_NOT_TRAINABLE for an operand that is repeated in another way */
function checkRepeated(type: Arithmetic, { name, shape, data }: Tensor, output: Tensor): void {
  const sizes = shape.slice(shape.findIndex((size) => size > 1));
  const isSame = elementCount(shape) === elementCount(output.shape);
  const isRepeated =
    data !== undefined && (elementCount(shape) === 1 || output.shape.slice(-sizes.length).join() === sizes.join());
  if (isSame || isRepeated) return;
  throw new TinymlError(
    "TINYML_NOT_TRAINABLE",
    `This model can't be trained: its ${type} repeats "${name}" [${shape}] to [${output.shape}], which can't be trained yet.`,
  );
}
