import type { LayerRules } from "../network";

/** Layers that take the outputs of several others. */
export const MERGING_LAYERS: LayerRules<"add" | "concatenate"> = {
  add({ name, inputs, network, refuse }) {
    if (inputs.length < 2) refuse("inputs", "name the two or more layers whose outputs are added");
    const shape = network.shape(inputs[0]);
    const other = inputs.map((input) => network.shape(input)).find((each) => `${each}` !== `${shape}`);
    if (other !== undefined) refuse("inputs", `the shapes [${shape}] and [${other}] can't be added`);
    return inputs.reduce((sum, input, i) => {
      const output = network.tensor(i + 1 < inputs.length ? `${name}/${i}` : name, shape);
      const options = { activation: "NONE", powerOfTwoScales: false } as const;
      network.add({ type: "ADD", inputs: [sum, input], outputs: [output], options });
      return output;
    });
  },
  concatenate({ layer, name, inputs, network, refuse }) {
    if (inputs.length < 2) refuse("inputs", "name the two or more layers whose outputs are joined");
    const shapes = inputs.map((input) => network.shape(input));
    const [first] = shapes;
    // Keras counts the batch as dimension 0
    const axis = layer.axis < 0 ? first.length + layer.axis : layer.axis - 1;
    if (axis < 0 || axis >= first.length) refuse("axis", `there is no dimension ${layer.axis} of [${first}]`);
    const withoutAxis = (shape: readonly number[]): string => `${shape.length}: ${shape.toSpliced(axis, 1)}`;
    const other = shapes.find((shape) => withoutAxis(shape) !== withoutAxis(first));
    if (other !== undefined) refuse("inputs", `the shapes [${first}] and [${other}] can't be joined`);
    const joined = shapes.reduce((sum, shape) => sum + shape[axis], 0);
    const output = network.tensor(name, first.toSpliced(axis, 1, joined));
    network.add({
      type: "CONCATENATION",
      inputs,
      outputs: [output],
      options: { axis: axis + 1, activation: "NONE" },
    });
    return output;
  },
};
