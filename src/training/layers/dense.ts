import { fusedActivation, type LayerRules, onlyInput, separateActivation } from "../network";

/** Fully connected. As in Keras it works on the last dimension: each row of [readings, channels] by itself. */
export const DENSE_LAYERS: LayerRules<"dense"> = {
  dense(context) {
    const { layer, index, name, network } = context;
    const { units, activation } = layer;
    const { input, shape } = onlyInput(context);
    const width = shape[shape.length - 1];
    const fan = { fanIn: width, fanOut: units };
    const kernel = network.weights(
      name,
      { layer: index, role: "kernel", shape: [units, width], initializer: layer.kernelInitializer, ...fan },
      layer.kernelRegularizer,
    );
    const inputs = [input, kernel];
    if (layer.useBias) {
      inputs.push(network.weights(name, { layer: index, role: "bias", shape: [units], initializer: "zeros", ...fan }));
    }
    const output = network.tensor(name, [...shape.slice(0, -1), units]);
    const options = {
      activation: fusedActivation(activation),
      ...(shape.length > 1 && { keepNumDims: true as const }),
    };
    network.add({ type: "FULLY_CONNECTED", inputs, outputs: [output], options });
    return network.activate(name, output, separateActivation(activation));
  },
};
