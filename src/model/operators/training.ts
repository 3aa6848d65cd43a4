import { perSample, required, tensorArgument } from "../kernel-call";
import type { TrainingOperatorType } from "../model";
import { elementCount } from "../tensor";
import { ELEMENTWISE, type OperatorRules, type Shape, type TypeSignature } from "./operator-rule";

const FLOATS: readonly TypeSignature[] = [[["float32"], ["float32"]]];

/** Operators that exist only while training. Their kernel calls are what they do when the network is only run. */
export const TRAINING_OPERATORS: OperatorRules<TrainingOperatorType> = {
  BATCH_NORMALIZATION: {
    inputs: [
      { name: "input" },
      { name: "gamma", constant: true, parameter: true },
      { name: "beta", constant: true, parameter: true },
      { name: "mean", constant: true },
      { name: "variance", constant: true },
    ],
    outputs: 1,
    types: FLOATS,
    shapes([input = [], ...perChannel]) {
      const channels = input.at(-1) ?? 1;
      const wrong = perChannel.find((shape) => shape?.length !== 1 || shape[0] !== channels);
      return wrong === undefined ? [input] : `its input has ${channels} channels, but it has numbers for ${wrong}`;
    },
    macs: (_inputs, [output = []]: readonly Shape[]) => elementCount(output),
    kernelCall({ inputs, outputs: [output] }, { epsilon }) {
      const [input, gamma, beta, mean, variance] = inputs.map(required);
      const channels = output.shape.at(-1) ?? 1;
      return {
        kernel: "tinyml_batch_normalization",
        file: "training_normalization.c",
        arguments: [
          tensorArgument(input),
          tensorArgument(output),
          perSample(elementCount(output.shape) / channels),
          { kind: "integer", value: channels },
          ...[gamma, beta, mean, variance].map(tensorArgument),
          { kind: "real", value: epsilon },
        ],
      };
    },
  },
  DROPOUT: {
    ...ELEMENTWISE,
    types: FLOATS,
    kernelCall({ inputs, outputs: [output] }) {
      return {
        kernel: "tinyml_identity_float",
        file: "training_dropout.c",
        arguments: [tensorArgument(required(inputs[0])), tensorArgument(output), perSample(elementCount(output.shape))],
      };
    },
  },
};
