import { fuseOperators } from "../model/fuse-operators";
import type { FusedActivation, Model, Operator, OperatorOf, Tensor } from "../model/model";
import { removeUnused } from "../model/remove-unused";

/**
 * A trained network as it is stored and run: without what exists only while training. Dropout goes; a batch normalization
 * becomes a factor and an offset for each channel, which go into the layer before it where they can.
 */
export function foldTraining(model: Model): Model {
  if (!model.operators.some(({ type }) => type === "DROPOUT" || type === "BATCH_NORMALIZATION")) return model;
  const tensors = [...model.tensors];
  const stands = new Map<number, number>();
  const operators: Operator[] = [];
  for (const any of model.operators) {
    const operator = { ...any, inputs: any.inputs.map((index) => stands.get(index) ?? index) };
    if (operator.type === "DROPOUT") stands.set(operator.outputs[0], operator.inputs[0]);
    else if (operator.type === "BATCH_NORMALIZATION") operators.push(...foldNormalization(operator, tensors));
    else operators.push(operator);
  }
  const outputs = model.outputs.map((index) => stands.get(index) ?? index);
  return removeUnused(fuseOperators({ ...model, tensors, operators, outputs }));
}

/** gamma (x − mean) / √(variance + epsilon) + beta as a product and a sum; appends their constants. */
function foldNormalization(
  { inputs: [input, ...statistics], outputs: [output], options }: OperatorOf<"BATCH_NORMALIZATION">,
  tensors: Tensor[],
): readonly Operator[] {
  const [gamma, beta, mean, variance] = statistics.map((index) => Array.from(tensors[index].data ?? [], Number));
  const factors = gamma.map((factor, i) => factor / Math.sqrt(variance[i] + options.epsilon));
  const offsets = beta.map((offset, i) => offset - mean[i] * factors[i]);
  const { name } = tensors[output];
  const add = (tensor: Tensor): number => tensors.push(tensor) - 1;
  const constant = (what: string, values: readonly number[]): number =>
    add({ name: `${name}/${what}`, type: "float32", shape: [values.length], data: Float32Array.from(values) });
  const scaled = add({ ...tensors[output], name: `${name}/scaled` });
  const activation: FusedActivation = "NONE";
  return [
    { type: "MUL", inputs: [input, constant("factor", factors)], outputs: [scaled], options: { activation } },
    {
      type: "ADD",
      inputs: [scaled, constant("offset", offsets)],
      outputs: [output],
      options: { activation, powerOfTwoScales: false },
    },
  ];
}
