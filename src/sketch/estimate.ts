import { TinymlError } from "../errors";
import type { Model, OperatorType } from "../model/model";
import type { ArduinoTraits } from "./arduino";
import type { Board } from "./board";
import type { CodeType, ModelCode } from "./model-code";
import type { SketchEstimate } from "./sketch";

/**
 * Bytes of flash that each part of a compiled sketch takes, measured. Constants (weights, biases, statistics, texts) are
 * counted exactly and come on top.
 */
interface PartSizes {
  /** The Arduino core, Serial and a sketch that drives a PWM pin from one channel through one dense layer. */
  base: number;
  /** Added where the only dense layer has several outputs, and they are numbers to show: a loop that can't be dropped. */
  outputLoop: number;
  /** The second dense layer: its kernel is then called from two places. Each one after it. */
  secondDense: number;
  furtherDense: number;
  /** Saved where all dense layers have the same fused activation, which the compiler then builds in. */
  sameActivation: number;
  /** Added where a fused activation clamps at both ends. */
  clamps: number;
  /** What all kernels with an exponential share; then each kernel with its first call, and each further call. */
  exponential: number;
  kernels: Readonly<Record<"RELU" | "LOGISTIC" | "TANH" | "SOFTMAX", number>>;
  furtherCall: number;
  /** Several channels instead of one, and each channel after the first. */
  channels: number;
  furtherChannel: number;
  /** Normalizing one channel, or several. */
  normalizeOne: number;
  normalizeSeveral: number;
  /** An offset or factor of a channel's range. */
  scaling: number;
  selfTest: number;
  /** Printing the value instead of driving the pin; printing several of them, and each after the first. */
  value: number;
  severalValues: number;
  furtherValue: number;
  /** Printing several outputs besides driving the pin, and each after the first. */
  severalPwmOutputs: number;
  furtherPwmOutput: number;
  /** Choosing and printing a label instead of driving the pin; saved where one score decides between two labels. */
  label: number;
  binary: number;
}

/** Of an ATmega328P: avr-gcc 5.4, arduino-core-avr 1.8.7, -Os with link-time optimization as the core prescribes. */
const avrSizes: Readonly<Record<CodeType, PartSizes>> = {
  int8: {
    base: 4341,
    outputLoop: 0,
    secondDense: 357,
    furtherDense: 45,
    sameActivation: 0,
    clamps: 60,
    exponential: 542,
    kernels: { RELU: 220, LOGISTIC: 436, TANH: 424, SOFTMAX: 642 },
    furtherCall: 150,
    channels: 120,
    furtherChannel: 62,
    normalizeOne: 126,
    normalizeSeveral: 236,
    scaling: 15,
    selfTest: 128,
    value: -222,
    severalValues: 162,
    furtherValue: 63,
    severalPwmOutputs: 9,
    furtherPwmOutput: 35,
    label: -61,
    binary: -77,
  },
  float32: {
    base: 4202,
    outputLoop: 260,
    secondDense: 490,
    furtherDense: 27,
    sameActivation: -142,
    clamps: 0,
    exponential: 652,
    kernels: { RELU: 86, LOGISTIC: 178, TANH: 410, SOFTMAX: 280 },
    furtherCall: 25,
    channels: 60,
    furtherChannel: 75,
    normalizeOne: 86,
    normalizeSeveral: 130,
    scaling: 12,
    selfTest: 206,
    value: -586,
    severalValues: 110,
    furtherValue: 38,
    severalPwmOutputs: 170,
    furtherPwmOutput: 37,
    label: -211,
    binary: -119,
  },
};

/** Bytes of RAM of the core and Serial, and of the words that printing a float brings along ("nan", "inf", "ovf"). */
const avrRam = { base: 188, printFloat: 12 };

/** Sizes by architecture; a board names its own. */
const sizes: Readonly<Record<Board["architecture"], { flash: typeof avrSizes; ram: typeof avrRam }>> = {
  avr: { flash: avrSizes, ram: avrRam },
};

/** What all of a sketch's numbers are. @throws TinymlError TINYML_NOT_FOR_BOARDS where they are of several types */
function computedType({ type }: ModelCode): CodeType {
  if (type !== undefined) return type;
  throw new TinymlError(
    "TINYML_NOT_FOR_BOARDS",
    "This model can't become an Arduino sketch yet: it computes with several types of numbers. Export it with the template stdio.",
  );
}

/** What the compiled sketch will take, within 5 % with the tools that the table was measured with. */
export function estimateSketch(model: Model, code: ModelCode, traits: ArduinoTraits, board: Board): SketchEstimate {
  const { flash, ram } = sizes[board.architecture];
  const parts = flash[computedType(code)];
  const printsFloat = traits.result === "value" || (traits.result === "pwm" && code.type === "float32");
  return {
    flashBytes: parts.base + sizeOfModel(model, traits, parts) + code.constantBytes + sizeOfProgram(traits, parts),
    ramBytes: ram.base + code.arenaBytes + (printsFloat ? ram.printFloat : 0),
  };
}

/**
 * Refuses a model with an operator whose kernel's size on boards is not known: its sketch might not fit, and nobody could say.
 * @throws TinymlError TINYML_NOT_FOR_BOARDS naming the operator
 */
export function requireMeasured(model: Model): void {
  model.operators.forEach(({ type }, index) => {
    if (type === "FULLY_CONNECTED" || type === "RESHAPE" || isMeasured(type)) return;
    throw new TinymlError(
      "TINYML_NOT_FOR_BOARDS",
      `This model can't become an Arduino sketch yet: operator ${index + 1} is ${type}, whose size on boards has not been ` +
        "measured. Export it with the template stdio, which gives its C code for any compiler.",
    );
  });
}

function isMeasured(type: OperatorType): type is keyof PartSizes["kernels"] {
  return type in avrSizes.int8.kernels;
}

function sizeOfModel(model: Model, traits: ArduinoTraits, parts: PartSizes): number {
  let size = 0;
  let dense = 0;
  const fused = new Set<string>();
  const calls = new Map<keyof PartSizes["kernels"], number>();
  for (const operator of model.operators) {
    if (operator.type === "FULLY_CONNECTED") {
      dense++;
      fused.add(operator.options.activation);
    } else if (isMeasured(operator.type)) {
      calls.set(operator.type, (calls.get(operator.type) ?? 0) + 1);
    }
  }
  if (dense === 1 && traits.result !== "label" && traits.outputs > 1) size += parts.outputLoop;
  if (dense > 1) size += parts.secondDense + (dense - 2) * parts.furtherDense;
  if (dense > 1 && fused.size === 1) size += parts.sameActivation;
  if (fused.has("RELU6") || fused.has("RELU_N1_TO_1")) size += parts.clamps;
  for (const [type, count] of calls) size += parts.kernels[type] + (count - 1) * parts.furtherCall;
  if (calls.has("LOGISTIC") || calls.has("TANH") || calls.has("SOFTMAX")) size += parts.exponential;
  return size;
}

function sizeOfProgram(traits: ArduinoTraits, parts: PartSizes): number {
  let size = traits.scalings * parts.scaling;
  if (traits.channels > 1) size += parts.channels + (traits.channels - 1) * parts.furtherChannel;
  if (traits.normalizations > 0) {
    const code = traits.channels === 1 ? parts.normalizeOne : parts.normalizeSeveral;
    // A mean and an inverse deviation per channel, 4 bytes each.
    size += code + traits.normalizations * traits.channels * 8;
  }
  if (traits.selfTest) size += parts.selfTest + traits.selfTestBytes;
  const several = traits.outputs > 1;
  switch (traits.result) {
    case "pwm":
      return size + (several ? parts.severalPwmOutputs : 0) + (traits.outputs - 1) * parts.furtherPwmOutput;
    case "value":
      return size + parts.value + (several ? parts.severalValues : 0) + (traits.outputs - 1) * parts.furtherValue;
    case "label":
      return size + parts.label + traits.labelBytes + (traits.outputs === 1 ? parts.binary : 0);
  }
}
