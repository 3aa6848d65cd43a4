import * as fc from "fast-check";
import { createRandom } from "../../../src/dataset/random";
import type { FusedActivation, Operator, Tensor } from "../../../src/model/model";
import { assemble, computed, constant, type Kind, one, PLAIN, type Samples } from "./random-model";

/* Random recurrent layers, with several samples back to back: what one leaves behind counts in the next. */

const size = fc.integer({ min: 1, max: 9 });
const anyNumbers = fc.record(
  {
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    zeroPoint: fc.integer({ min: -128, max: 127 }),
    stateZeroPoint: fc.integer({ min: -20, max: 20 }),
    outputZeroPoint: fc.integer({ min: -128, max: 127 }),
    scale: fc.double({ min: 0.002, max: 0.1, noNaN: true }),
    samples: fc.integer({ min: 1, max: 4 }),
  },
  PLAIN,
);

/** SVDF, in int8 with a state of `state`. */
export function anySvdf(kind: "float32" | "int8", state: "int8" | "int16" = "int16"): fc.Arbitrary<Samples> {
  return fc
    .record({
      batch: fc.integer({ min: 1, max: 3 }),
      inputs: fc.integer({ min: 1, max: 20 }),
      units: size,
      rank: fc.integer({ min: 1, max: 4 }),
      memory: size,
      hasBias: fc.boolean(),
      activation: fc.constantFrom<FusedActivation>("NONE", "RELU", "RELU_N1_TO_1", "RELU6"),
      numbers: anyNumbers,
    })
    .map(({ batch, inputs, units, rank, memory, hasBias, activation, numbers }) => {
      const { uniform } = createRandom(numbers.seed);
      const filters = units * rank;
      const [from, feature, time] = [numbers.scale, 0.002 + 0.02 * uniform(), 0.001 + 0.01 * uniform()].map(
        Math.fround,
      );
      const most = state === "int8" ? 127 : 32767;
      const kept = Math.fround((from * feature * 6000 * Math.sqrt(inputs)) / (most / 2));
      const added = Math.fround(kept * time);
      const spread = kept * time * (state === "int8" ? 4000 : 2 ** 27) * Math.sqrt(memory * rank);
      const to = Math.fround(spread / 100);
      const isInt8 = kind === "int8";
      const tensors: Tensor[] = [
        computed("input", kind, [batch, inputs], one(from, numbers.zeroPoint)),
        constant("feature weights", isInt8 ? "int8" : "float32", [filters, inputs], one(feature, 0), uniform),
        constant("time weights", isInt8 ? state : "float32", [filters, memory], one(time, 0), uniform),
        constant("bias", isInt8 ? "int32" : "float32", [units], one(added, 0), uniform),
        {
          ...computed(
            "state",
            isInt8 ? state : "float32",
            [batch, filters * memory],
            one(kept, state === "int8" ? numbers.stateZeroPoint : 0),
          ),
          variable: true,
        },
        computed("output", kind, [batch, units], one(to, numbers.outputZeroPoint)),
      ];
      const operator: Operator = {
        type: "SVDF",
        inputs: [0, 1, 2, hasBias ? 3 : -1, 4],
        outputs: [5],
        options: { rank, activation },
        mutatedInputs: [false, false, false, false, true],
      };
      return assemble(operator, tensors, numbers.samples * batch * inputs, uniform);
    });
}

export function anyLstm(kind: Kind): fc.Arbitrary<Samples> {
  return fc
    .record({
      batch: fc.integer({ min: 1, max: 3 }),
      time: fc.integer({ min: 1, max: 6 }),
      inputs: fc.integer({ min: 1, max: 20 }),
      units: size,
      timeMajor: fc.boolean(),
      cellClip: fc.constantFrom(0, 0, 0.5, 3, 100),
      cellPower: fc.integer({ min: -15, max: -9 }),
      numbers: anyNumbers,
    })
    .map(({ batch, time, inputs, units, timeMajor, cellClip, cellPower, numbers }) => {
      const { uniform } = createRandom(numbers.seed);
      const isFloat = kind === "float32";
      const weights = isFloat ? "float32" : "int8";
      const bias = isFloat ? "float32" : kind === "int8" ? "int32" : "int64";
      const steps = kind === "int16" ? 2 ** 15 : 2 ** 7;
      const from = one(
        kind === "int16" ? numbers.scale / 256 : numbers.scale,
        kind === "int16" ? 0 : numbers.zeroPoint,
      );
      const hidden = one((0.7 + 0.3 * uniform()) / steps, kind === "int16" ? 0 : numbers.stateZeroPoint);
      const weightsOf = (shape: readonly number[], name: string) =>
        constant(name, weights, shape, one(0.002 + 0.02 * uniform(), 0), uniform);
      const gates = ["input", "forget", "cell", "output"];
      const [first, second] = timeMajor ? [time, batch] : [batch, time];
      const inputWeights = gates.map((gate) => weightsOf([units, inputs], `${gate} weights`));
      const recurrent = gates.map((gate) => weightsOf([units, units], `recurrent ${gate} weights`));
      const biases = gates.map((gate, i) => {
        const scale = from.scales[0] * (inputWeights[i].quantization?.scales[0] ?? 1);
        return constant(`${gate} bias`, bias, [units], one(scale, 0), uniform);
      });
      const intermediates = gates.map(
        (gate): Tensor => ({ name: `${gate} intermediate`, type: "float32", shape: [0] }),
      );
      const tensors: Tensor[] = [
        computed("input", kind, [first, second, inputs], from),
        ...inputWeights,
        ...recurrent,
        ...biases,
        { ...computed("hidden", kind, [batch, units], hidden), variable: true },
        { ...computed("cell", isFloat ? "float32" : "int16", [batch, units], one(2 ** cellPower, 0)), variable: true },
        computed("output", kind, [first, second, units], hidden),
        ...intermediates,
      ];
      const operator: Operator = {
        type: "UNIDIRECTIONAL_SEQUENCE_LSTM",
        inputs: [0, 1, 2, 3, 4, 5, 6, 7, 8, -1, -1, -1, 9, 10, 11, 12, -1, -1, 13, 14, -1, -1, -1, -1],
        outputs: [15],
        options: { activation: "TANH", cellClip, projectionClip: 0, ...(timeMajor && { timeMajor }) },
        intermediates: [16, 17, 18, 19],
      };
      return assemble(operator, tensors, numbers.samples * first * second * inputs, uniform);
    });
}
