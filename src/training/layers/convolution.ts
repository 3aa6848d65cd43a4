import type { FusedActivation } from "../../model/model";
import { slideWindow } from "../../model/window";
import { bothOf, fusedActivation, type LayerContext, type LayerRules, onlyInput, separateActivation } from "../network";
import type { Initializer, Regularizer } from "../recipe-layers";

type Convolution = "conv1d" | "conv2d" | "depthwiseConv2d" | "separableConv2d";

/** Windows of weights that slide over [height, width, channels], or over [readings, channels] as a picture of one row. */
export const CONVOLUTION_LAYERS: LayerRules<Convolution> = {
  conv1d(context) {
    const { layer, name, network } = context;
    const { input, shape } = onlyInput(context, 2);
    const row = network.reshape(`${name}/row`, input, [1, ...shape]);
    const output = convolve(context, row, {
      ...layer,
      window: [1, layer.kernelSize],
      strides: [1, layer.strides],
      dilation: [1, layer.dilationRate],
      outputs: layer.filters,
      weights: { role: "kernel", initializer: layer.kernelInitializer, regularizer: layer.kernelRegularizer },
      activation: fusedActivation(layer.activation),
    });
    const flat = network.reshape(`${name}/readings`, output, network.shape(output).slice(1));
    return network.activate(name, flat, separateActivation(layer.activation));
  },
  conv2d(context) {
    const { layer, name, network } = context;
    const { input } = onlyInput(context, 3);
    const output = convolve(context, input, {
      ...layer,
      ...window2d(layer),
      outputs: layer.filters,
      weights: { role: "kernel", initializer: layer.kernelInitializer, regularizer: layer.kernelRegularizer },
      activation: fusedActivation(layer.activation),
    });
    return network.activate(name, output, separateActivation(layer.activation));
  },
  depthwiseConv2d(context) {
    const { layer, name, network } = context;
    const { input } = onlyInput(context, 3);
    const output = convolve(context, input, {
      ...layer,
      ...window2d(layer),
      weights: {
        role: "depthwiseKernel",
        initializer: layer.depthwiseInitializer,
        regularizer: layer.depthwiseRegularizer,
      },
      activation: fusedActivation(layer.activation),
    });
    return network.activate(name, output, separateActivation(layer.activation));
  },
  separableConv2d(context) {
    const { layer, name, network } = context;
    const { input } = onlyInput(context, 3);
    const between = convolve(context, input, {
      ...layer,
      ...window2d(layer),
      useBias: false,
      weights: {
        role: "depthwiseKernel",
        initializer: layer.depthwiseInitializer,
        regularizer: layer.depthwiseRegularizer,
      },
      activation: "NONE",
    });
    const output = convolve(context, between, {
      window: [1, 1],
      strides: [1, 1],
      dilation: [1, 1],
      padding: "valid",
      useBias: layer.useBias,
      outputs: layer.filters,
      weights: {
        role: "pointwiseKernel",
        initializer: layer.pointwiseInitializer,
        regularizer: layer.pointwiseRegularizer,
      },
      activation: fusedActivation(layer.activation),
    });
    return network.activate(name, output, separateActivation(layer.activation));
  },
};

type Pair = readonly [height: number, width: number];

function window2d({
  kernelSize,
  strides,
  dilationRate,
}: {
  kernelSize: number | Pair;
  strides: number | Pair;
  dilationRate: number | Pair;
}): { window: Pair; strides: Pair; dilation: Pair } {
  return { window: bothOf(kernelSize), strides: bothOf(strides), dilation: bothOf(dilationRate) };
}

interface ConvolutionPlan {
  window: Pair;
  strides: Pair;
  dilation: Pair;
  padding: "valid" | "same";
  useBias: boolean;
  /** How many channels it gives; absent where each channel has windows of its own, depthMultiplier of them. */
  outputs?: number;
  depthMultiplier?: number;
  weights: {
    role: "kernel" | "depthwiseKernel" | "pointwiseKernel";
    initializer: Initializer;
    regularizer?: Regularizer | undefined;
  };
  activation: FusedActivation;
}

/** Appends one convolution over [height, width, channels]; gives its output. */
function convolve({ network, name, index, refuse }: LayerContext, input: number, plan: ConvolutionPlan): number {
  const [height, width, channels] = network.shape(input);
  const [windowHeight, windowWidth] = plan.window;
  const { depthMultiplier = 1 } = plan;
  const outputs = plan.outputs ?? channels * depthMultiplier;
  const [strideHeight, strideWidth] = plan.strides;
  const [dilationHeight, dilationWidth] = plan.dilation;
  const options = {
    padding: plan.padding === "same" ? ("SAME" as const) : ("VALID" as const),
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    activation: plan.activation,
  };
  const slid = slideWindow([height, width, channels], plan.window, outputs, options);
  if (typeof slid === "string") return refuse("", slid);
  const depthwise = plan.outputs === undefined;
  const area = windowHeight * windowWidth;
  const { role, initializer, regularizer } = plan.weights;
  // Keras counts the channels of depthwise kernels [height, width, in, multiplier] as it does those of others
  const fan = depthwise
    ? { fanIn: area * channels, fanOut: area * depthMultiplier }
    : { fanIn: area * channels, fanOut: area * outputs };
  const shape = depthwise ? [1, windowHeight, windowWidth, outputs] : [outputs, windowHeight, windowWidth, channels];
  const inputs = [input, network.weights(name, { layer: index, role, shape, initializer, ...fan }, regularizer)];
  if (plan.useBias) {
    const bias = { layer: index, role: "bias", shape: [outputs], initializer: "zeros", ...fan } as const;
    inputs.push(network.weights(name, bias));
  }
  const output = network.tensor(depthwise ? `${name}/depthwise` : name, [slid.outputHeight, slid.outputWidth, outputs]);
  network.add(
    depthwise
      ? { type: "DEPTHWISE_CONV_2D", inputs, outputs: [output], options: { ...options, depthMultiplier } }
      : { type: "CONV_2D", inputs, outputs: [output], options },
  );
  return output;
}
