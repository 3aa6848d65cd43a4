import {
  computedArgument,
  constantArgument,
  dataOf,
  integers,
  type KernelArgument,
  type KernelCall,
  type Operand,
  type Operands,
  required,
  tensorArgument,
} from "../kernel-call";
import type { OperatorOptions, Tensor, TensorData } from "../model";
import type { FixedPointFactor } from "../quantization";
import { lstmCellFactors, lstmGateFactor, svdfFactors } from "../recurrent-quantization";
import { elementCount } from "../tensor";
import { checkInt16Shifts } from "./convolution";
import { foldZeroPoint } from "./fold-zero-point";
import { type OperatorRules, perTensor, type Shape } from "./operator-rule";

/** Places of an LSTM's inputs. The gates stand in the order input, forget, cell, output. */
const LSTM = { input: 0, weights: 1, recurrentWeights: 5, biases: 12, hidden: 18, cell: 19 } as const;

const GATES = ["input", "forget", "cell", "output"] as const;

/** Layers that remember: their states are variable tensors. */
export const RECURRENT: OperatorRules<"SVDF" | "UNIDIRECTIONAL_SEQUENCE_LSTM"> = {
  SVDF: {
    inputs: [
      { name: "input" },
      { name: "feature weights", constant: true, parameter: true },
      { name: "time weights", constant: true, parameter: true },
      { name: "bias", optional: true, constant: true, parameter: true },
      { name: "state", state: true },
    ],
    outputs: 1,
    types: [
      [["float32"], ["float32"]],
      [["int8", "int8", "int16", "int32", "int16"], ["int8"]],
      [["int8", "int8", "int8", "int32", "int8"], ["int8"]],
    ],
    shapes([input = [], feature = [], time = [], bias, state = []], { rank }) {
      const [batch, inputs] = input;
      const [filters, memory] = time;
      if (input.length !== 2 || batch === undefined) return `its input must have two dimensions, not ${input.length}`;
      if (filters === undefined || memory === undefined || time.length > 2) {
        return `its time weights must have two dimensions, not ${time.length}`;
      }
      if (`${feature}` !== `${[filters, inputs]}`) {
        return `its feature weights must have the shape [${filters},${inputs}], not [${feature}]`;
      }
      const units = filters / rank;
      if (!Number.isInteger(units)) return `its ${filters} filters do not divide into ranks of ${rank}`;
      if (bias !== undefined && `${bias}` !== `${units}`)
        return `its bias must have the shape [${units}], not [${bias}]`;
      if (elementCount(state) !== batch * filters * memory) {
        return `its state must have ${batch} × ${filters} × ${memory} elements, not [${state}]`;
      }
      return [[batch, units]];
    },
    macs: ([input = [], feature = [], time = []]) => (input[0] ?? 1) * (elementCount(feature) + elementCount(time)),
    checkOptions: ({ rank }) => (Number.isInteger(rank) && rank >= 1 ? undefined : `its rank is ${rank}`),
    checkQuantization([input, feature, time, bias, state], [output]) {
      for (const tensor of [input, feature, time, state, output]) {
        if (perTensor(tensor) === undefined) return "its integer tensors must have one scale each";
      }
      const shifted = [feature, time, bias, state?.type === "int16" ? state : undefined];
      return checkZeroPoints(shifted, "weights, bias and int16 state");
    },
    kernelCall: svdf,
  },
  UNIDIRECTIONAL_SEQUENCE_LSTM: {
    inputs: [
      { name: "input" },
      ...GATES.map((gate) => ({ name: `weights of the ${gate} gate`, constant: true, parameter: true }) as const),
      ...GATES.map(
        (gate) => ({ name: `recurrent weights of the ${gate} gate`, constant: true, parameter: true }) as const,
      ),
      ...GATES.slice(1).map(() => ({ name: "peephole weights", refused: true }) as const),
      ...GATES.map((gate) => ({ name: `bias of the ${gate} gate`, constant: true, parameter: true }) as const),
      { name: "a projection", refused: true },
      { name: "a projection", refused: true },
      { name: "hidden state", state: true },
      { name: "cell state", state: true },
      ...GATES.map(() => ({ name: "layer normalization", refused: true }) as const),
    ],
    outputs: 1,
    types: [
      [["float32"], ["float32"]],
      [lstmTypes("int8", "int32"), ["int8"]],
      [lstmTypes("int16", "int64"), ["int16"]],
    ],
    shapes(inputs, { timeMajor }) {
      const [input = []] = inputs;
      const [first, second, width] = input;
      if (first === undefined || second === undefined || width === undefined || input.length !== 3) {
        return `its input must have three dimensions, not ${input.length}`;
      }
      const [units = 0] = inputs[LSTM.biases] ?? [];
      const batch = timeMajor ? second : first;
      const problem = GATES.map((gate, i) => {
        return (
          wrongShape(`weights of the ${gate} gate`, inputs[LSTM.weights + i], [units, width]) ??
          wrongShape(`recurrent weights of the ${gate} gate`, inputs[LSTM.recurrentWeights + i], [units, units]) ??
          wrongShape(`bias of the ${gate} gate`, inputs[LSTM.biases + i], [units])
        );
      }).find((one) => one !== undefined);
      if (problem !== undefined) return problem;
      for (const state of [inputs[LSTM.hidden], inputs[LSTM.cell]]) {
        if (elementCount(state ?? []) !== batch * units) return `its states must have ${batch} × ${units} elements`;
      }
      return [[first, second, units]];
    },
    macs: (inputs, [output = []]) => 4 * elementCount(output) * ((inputs[0]?.[2] ?? 0) + (output[2] ?? 0)),
    checkOptions({ cellClip, projectionClip }) {
      return cellClip >= 0 && projectionClip >= 0 ? undefined : "its clips must be 0 or positive numbers";
    },
    checkQuantization(inputs, outputs) {
      const weights = inputs.slice(LSTM.weights, LSTM.recurrentWeights + GATES.length);
      const [input, hidden, cell] = [inputs[LSTM.input], inputs[LSTM.hidden], inputs[LSTM.cell]];
      for (const tensor of [input, hidden, cell, ...weights, ...outputs]) {
        if (perTensor(tensor) === undefined) return "its integer tensors must have one scale each";
      }
      const scale = perTensor(cell)?.scale ?? 0;
      if (scale > 1 || scale < 2 ** -24) return `its cell state's scale ${scale} lies outside of 2⁻²⁴ … 1`;
      const activations = input?.type === "int16" ? [input, hidden, ...outputs] : [];
      return checkZeroPoints([cell, ...weights, ...activations], "weights, cell state and int16 tensors");
    },
    kernelCall: lstm,
  },
};

/** The element types of an integer LSTM's inputs. */
function lstmTypes(activation: "int8" | "int16", bias: "int32" | "int64") {
  const weights = new Array<"int8">(8).fill("int8");
  const peepholes = new Array<"int16">(3).fill("int16");
  const biases = new Array<typeof bias>(4).fill(bias);
  return [activation, ...weights, ...peepholes, ...biases, "int8", "int32", activation, "int16", "int16"] as const;
}

function wrongShape(name: string, found: Shape | undefined, wanted: Shape): string | undefined {
  return `${found}` === `${wanted}` ? undefined : `its ${name} must have the shape [${wanted}], not [${found ?? ""}]`;
}

function checkZeroPoints(tensors: readonly (Tensor | undefined)[], names: string): string | undefined {
  const shifted = tensors.flatMap((tensor) => tensor?.quantization?.zeroPoints ?? []).find((point) => point !== 0);
  return shifted === undefined ? undefined : `its ${names} must have the zero point 0, not ${shifted}`;
}

/** The one scale of a tensor of an integer operator; checkModel has made sure that it is there. */
function scaleOf(tensor: Tensor): { scale: number; zeroPoint: number } {
  return perTensor(tensor) ?? { scale: 1, zeroPoint: 0 };
}

function svdf({ inputs, outputs: [output] }: Operands, { rank, activation }: OperatorOptions["SVDF"]): KernelCall {
  const [input, feature, time] = inputs.slice(0, 3).map(required);
  const [bias, state] = [inputs[3], required(inputs[4])];
  const [batch, width] = input.shape;
  const [filters, memory] = time.shape;
  const units = filters / rank;
  const constants = [constantArgument("weights", feature), constantArgument("time_weights", time)];
  if (output.type === "float32") {
    const all: KernelArgument[] = [
      tensorArgument(input),
      ...constants,
      constantArgument("bias", bias),
      tensorArgument(state),
      tensorArgument(output),
      ...integers(batch, width, units, rank, memory),
      { kind: "activation", activation },
    ];
    return { kernel: "tinyml_svdf_float", file: "float_svdf.c", arguments: all };
  }
  // the activation is that of the output's range: the reference kernels compute none in integers
  const [from, byFeature, byTime, kept, to] = [input, feature, time, state, output].map(scaleOf);
  const factors = svdfFactors({
    input: from.scale,
    featureWeights: byFeature.scale,
    state: kept.scale,
    timeWeights: byTime.scale,
    output: to.scale,
  });
  const fields = {
    batch,
    inputs: width,
    units,
    rank,
    memory,
    stateZeroPoint: kept.zeroPoint,
    outputZeroPoint: to.zeroPoint,
    featureMultiplier: factors.feature.multiplier,
    featureShift: factors.feature.shift,
    timeMultiplier: factors.time.multiplier,
    timeShift: factors.time.shift,
  };
  const all: KernelArgument[] = [
    tensorArgument(input),
    constants[0],
    computedArgument("feature_bias", foldZeroPoint(dataOf(feature), undefined, filters, from.zeroPoint)),
    constants[1],
    constantArgument("bias", bias),
    tensorArgument(state),
    tensorArgument(output),
    { kind: "struct", struct: { type: "tinyml_svdf", comment: "Its sizes and scales.", fields } },
  ];
  const kernel = state.type === "int16" ? "tinyml_svdf_int8_int16" : "tinyml_svdf_int8";
  return { kernel, file: "int8_svdf.c", arguments: all };
}

type LstmOptions = OperatorOptions["UNIDIRECTIONAL_SEQUENCE_LSTM"];

function lstm({ inputs, outputs: [output] }: Operands, { timeMajor, cellClip }: LstmOptions): KernelCall {
  const [input, hidden, cell] = [LSTM.input, LSTM.hidden, LSTM.cell].map((place) => required(inputs[place]));
  const gates = (from: number) => inputs.slice(from, from + GATES.length).map(required);
  const [weights, recurrent, biases] = [gates(LSTM.weights), gates(LSTM.recurrentWeights), gates(LSTM.biases)];
  const [first, second, width] = input.shape;
  const units = output.shape[2];
  const [timeSteps, batch] = timeMajor ? [first, second] : [second, first];
  const sizes = { timeSteps, batch, inputs: width, units, timeMajor: timeMajor ? 1 : 0 };
  const all = (bias: readonly KernelArgument[], last: readonly KernelArgument[]): KernelArgument[] => [
    tensorArgument(input),
    computedArgument("weights", together(weights)),
    computedArgument("recurrent_weights", together(recurrent)),
    ...bias,
    ...[hidden, cell, output].map(tensorArgument),
    ...last,
  ];
  if (output.type === "float32") {
    const struct: KernelArgument = {
      kind: "struct",
      struct: { type: "tinyml_lstm", comment: "Its sizes.", fields: sizes },
    };
    const bias = [computedArgument("bias", together(biases))];
    const last = [struct, { kind: "real", value: cellClip } as const];
    return { kernel: "tinyml_lstm_float", file: "float_lstm.c", arguments: all(bias, last) };
  }
  const [from, before, kept] = [input, hidden, cell].map(scaleOf);
  const p = lstmCellFactors(kept.scale, before.scale, cellClip);
  const [now, then] = [weights, recurrent].map((matrices, i) =>
    matrices.map((matrix) => lstmGateFactor([from, before][i].scale, scaleOf(matrix).scale)),
  );
  const fields = {
    ...sizes,
    inputMultipliers: now.map(multiplierOf),
    inputShifts: now.map(shiftOf),
    recurrentMultipliers: then.map(multiplierOf),
    recurrentShifts: then.map(shiftOf),
    forgetMultiplier: p.forget.multiplier,
    forgetShift: p.forget.shift,
    cellMultiplier: p.cell.multiplier,
    cellShift: p.cell.shift,
    hiddenMultiplier: p.hidden.multiplier,
    hiddenShift: p.hidden.shift,
    hiddenZeroPoint: before.zeroPoint,
    tanhMultiplier: p.tanhMultiplier,
    tanhShift: p.tanhShift,
    cellClip: p.cellClip,
  };
  const struct: KernelArgument = {
    kind: "struct",
    struct: { type: "tinyml_lstm_integer", comment: "Its sizes and scales.", fields },
  };
  if (output.type === "int16") {
    checkInt16Shifts([...now, ...then].map(shiftOf), output);
    const bias = [computedArgument("bias", together(biases))];
    return { kernel: "tinyml_lstm_int16", file: "int16_lstm.c", arguments: all(bias, [struct]) };
  }
  const folded = (matrices: readonly Operand[], added: readonly Operand[] | undefined, zeroPoint: number) =>
    Int32Array.from(
      matrices.flatMap((matrix, i) => [...foldZeroPoint(dataOf(matrix), added && dataOf(added[i]), units, zeroPoint)]),
    );
  const bias = [
    computedArgument("bias", folded(weights, biases, from.zeroPoint)),
    computedArgument("recurrent_bias", folded(recurrent, undefined, before.zeroPoint)),
  ];
  return { kernel: "tinyml_lstm_int8", file: "int8_lstm.c", arguments: all(bias, [struct]) };
}

const multiplierOf = ({ multiplier }: FixedPointFactor) => multiplier;
const shiftOf = ({ shift }: FixedPointFactor) => shift;

/** The elements of constants of one type, one after the other. */
function together(constants: readonly Operand[]): TensorData {
  const parts = constants.map(({ data }) => data);
  if (parts.every((part) => part instanceof Float32Array)) return Float32Array.from(parts.flatMap((part) => [...part]));
  if (parts.every((part) => part instanceof BigInt64Array)) {
    return BigInt64Array.from(parts.flatMap((part) => [...part]));
  }
  return Int8Array.from(constants.flatMap((constant) => [...dataOf(constant)]));
}
