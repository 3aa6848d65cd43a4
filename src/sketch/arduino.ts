import { TinymlError } from "../errors";
import type { Channel, FeatureBlock, Metadata } from "../model/metadata";
import type { Model } from "../model/model";
import { normalizationOf } from "../model/normalize";
import type { Board } from "./board";
import { arrayDefinition, blockComment, commentText, cString, floatLiteral, printableText } from "./c-text";
import type { CodeTensor, ModelCode } from "./model-code";
import type { SketchOptions } from "./sketch";

/** How often a pin is read for one reading. */
const reads = 20;
/** Milliseconds between readings: LED and Serial Plotter follow at once, people still can. */
const pauseMilliseconds = 10;

/** The .ino of a sketch, and what of it the estimate counts. */
export interface ArduinoCode {
  ino: string;
  kernelFiles: readonly string[];
  traits: ArduinoTraits;
}

/** What an .ino does, as far as its size depends on it. */
export interface ArduinoTraits {
  channels: number;
  /** Offsets and factors that the channels' ranges need: none for 0..1, two for −40..85. */
  scalings: number;
  /** Feature blocks: each has a mean and a factor per channel. */
  normalizations: number;
  selfTest: boolean;
  /** Bytes of the known answer's numbers. */
  selfTestBytes: number;
  result: "pwm" | "value" | "label";
  /** Numbers of the output. */
  outputs: number;
  /** Bytes of the labels, each with its closing zero. */
  labelBytes: number;
}

/** What reading and answer are in the world, checked. */
interface World {
  inputs: readonly (Channel & { range: readonly [number, number] })[];
  features: readonly FeatureBlock[];
  /** Labels of a classification; undefined for a regression. */
  labels: readonly string[] | undefined;
  /** Targets of a regression, one per output. */
  targets: readonly Channel[];
}

/**
 * The .ino of a model: reads the board's analog pins, lets the model compute, and drives a PWM pin (a regression whose
 * first target has a range), lights the board's LED (a classification) or prints the value.
 *
 * @throws TinymlError TINYML_NO_SCALING when a channel has no range, TINYML_NOT_FOR_BOARDS when the board can't read what
 *   the model needs
 */
export function generateArduino(model: Model, code: ModelCode, board: Board, options: SketchOptions): ArduinoCode {
  const [input, ...otherInputs] = code.inputs;
  const [output, ...otherOutputs] = code.outputs;
  if (input === undefined || output === undefined || otherInputs.length + otherOutputs.length > 0) {
    throw notForBoards(
      `it has ${code.inputs.length} inputs and ${code.outputs.length} outputs, where a sketch reads one and shows one`,
    );
  }
  const world = describeWorld(model.metadata, input, output, board);
  const result = world.labels ? "label" : world.targets[0]?.range ? "pwm" : "value";
  const writer = { code, board, options, world, input, output };
  const features = world.features.length > 0;
  const sections = [
    writeTitle(model, writer, result),
    ['#include "tinyml_kernels.h"', '#include "tinyml_model.h"'].join("\n"),
    [
      "/* How often each pin is read for one reading: the mean has less noise. */",
      `#define TINYML_READS ${reads}`,
      "/* Milliseconds between two readings. */",
      `#define TINYML_PAUSE ${pauseMilliseconds}`,
      ...(result === "pwm"
        ? ["/* The pin of the LED, motor, … that the model drives. */", `#define TINYML_PWM_PIN ${board.pwmPin}`]
        : []),
      ...(world.labels ? writeLedClass(world.labels, options.ledLabel) : []),
    ].join("\n"),
    ...(features ? writeFeatures(world.features, world.inputs.length) : []),
    ...(world.labels ? [writeLabels(world.labels)] : []),
    ...(options.knownAnswer ? [writeSelfTest(writer, options.knownAnswer)] : []),
    writeReadPin(board),
    ...(code.type === "int8" && result !== "label" ? [writeResult(output)] : []),
    writeSetup(result, options.knownAnswer !== undefined, code.hasState),
    writeLoop(writer, result),
  ];
  const knownNumbers = options.knownAnswer ? options.knownAnswer.input.length + options.knownAnswer.output.length : 0;
  return {
    ino: `${sections.join("\n\n")}\n`,
    kernelFiles: [...(code.type === "int8" ? ["quantize.c"] : []), ...(features ? ["normalize.c"] : [])],
    traits: {
      channels: world.inputs.length,
      scalings: world.inputs.reduce((sum, { range: [low, high] }) => {
        return sum + (low === 0 ? 0 : 1) + (Math.fround(Math.fround(high) - Math.fround(low)) === 1 ? 0 : 1);
      }, 0),
      normalizations: world.features.length,
      selfTest: options.knownAnswer !== undefined,
      selfTestBytes: knownNumbers * (code.type === "int8" ? 1 : 4),
      result,
      outputs: output.length,
      labelBytes: (world.labels ?? []).reduce(
        (sum, label) => sum + new TextEncoder().encode(printableText(label)).length + 1,
        0,
      ),
    },
  };
}

interface Writer {
  code: ModelCode;
  board: Board;
  options: SketchOptions;
  world: World;
  input: CodeTensor;
  output: CodeTensor;
}

function describeWorld(metadata: Metadata | undefined, input: CodeTensor, output: CodeTensor, board: Board): World {
  if (metadata === undefined) {
    throw new TinymlError(
      "TINYML_NO_SCALING",
      "The model comes from another tool and doesn't say what its inputs measure. Export it with the template stdio, or " +
        "train a model here, from a dataset whose channels have a range.",
    );
  }
  const { inputs, labels, targets, features } = metadata;
  if (inputs.length !== input.length) {
    throw notForBoards(`it takes ${input.length} numbers at once, where a reading has ${inputs.length}`);
  }
  if (inputs.length > board.analogPins.length) {
    throw notForBoards(
      `it needs ${inputs.length} analog pins, and the ${board.title} has ${board.analogPins.length}. ` +
        "Train it on fewer channels",
    );
  }
  const ranged = inputs.map((channel) => {
    const { name, range } = channel;
    if (range === undefined || range[0] === range[1]) {
      throw new TinymlError(
        "TINYML_NO_SCALING",
        `The channel "${name}" has no range, so the sketch can't know what an analog pin's lowest and highest reading mean. ` +
          "Set its range in the dataset, train again and export again; or export with the template stdio.",
      );
    }
    return { ...channel, range };
  });
  const classification = metadata.task === "classification";
  if (classification && labels?.length !== output.length && !(labels?.length === 2 && output.length === 1)) {
    throw notForBoards(`it has ${labels?.length ?? 0} labels for ${output.length} scores`);
  }
  const named = Array.from({ length: output.length }, (_, i) => targets?.[i] ?? { name: `value${i + 1}`, unit: "" });
  const usable = named.map((target) => {
    if (target.range === undefined || target.range[0] !== target.range[1]) return target;
    const { range: _, ...withoutRange } = target;
    return withoutRange;
  });
  return { inputs: ranged, features, labels: classification ? labels : undefined, targets: usable };
}

function writeTitle(model: Model, { world, board, output }: Writer, result: ArduinoTraits["result"]): string {
  const name = commentText(model.metadata?.name ?? "");
  const wiring = world.inputs.map((channel, i) => {
    const [low, high] = channel.range;
    const unit = channel.unit === "" ? "" : ` ${commentText(channel.unit)}`;
    return `  ${board.analogPins[i]}  "${commentText(channel.name)}": ${low}${unit} at the lowest, ${high}${unit} at the highest voltage`;
  });
  const [target] = world.targets;
  const shows = {
    pwm: [
      `  ${board.pwmPin}   an LED with a resistor (220 ohm or more) to GND: dark at ${target?.range?.[0]}, bright at ${target?.range?.[1]}`,
    ],
    label: ["  the board's own LED is on while the model sees the label TINYML_LED_CLASS"],
    value: [],
  }[result];
  const lines = {
    pwm: `what the pin reads, the model's ${output.quantization ? "int8 output" : "output"}, what the PWM pin gets (0 .. 255)`,
    label: "what the pins read, the number of the label, how sure the model is in percent, the label",
    value: "what the pins read, and what the model makes of it",
  }[result];
  return blockComment([
    `${name === "" ? "A neural network" : `"${name}"`} on the ${board.title}. Generated by TinyML Flows; needs no library, just upload it.`,
    "",
    "Pins:",
    ...wiring,
    ...shows,
    "",
    "Serial Monitor or Serial Plotter, 115200 baud: a line per reading with",
    `${lines}.`,
  ]);
}

function writeLedClass(labels: readonly string[], ledLabel: string | undefined): string[] {
  const index = ledLabel === undefined ? 0 : labels.indexOf(ledLabel);
  if (index < 0) {
    throw new TinymlError(
      "TINYML_UNKNOWN_LABEL",
      `The model has no label "${ledLabel}"; it knows ${labels.join(", ")}.`,
    );
  }
  return [
    `/* The number of the label that lights the LED: ${index} is "${commentText(labels[index])}". */`,
    `#define TINYML_LED_CLASS ${index}`,
  ];
}

function writeLabels(labels: readonly string[]): string {
  return [
    "/* The labels in the order of the model's scores, in flash, each closed by a zero. */",
    "static const char tinyml_labels[] PROGMEM =",
    labels
      .map((label) => `    ${cString(label).slice(0, -1)}\\000"`)
      .join("\n")
      .concat(";"),
    "",
    "static const __FlashStringHelper *tinyml_label(uint16_t number) {",
    "  const char *label = tinyml_labels;",
    "  while (number-- > 0) label += strlen_P(label) + 1;",
    "  return (const __FlashStringHelper *)label;",
    "}",
  ].join("\n");
}

function writeFeatures(blocks: readonly FeatureBlock[], channels: number): string[] {
  return blocks.map((block, i) => {
    if (block.block === "statistics") {
      throw notForBoards("it takes statistics of windows, and sketches can't collect a window yet");
    }
    const normalization = normalizationOf(block, channels);
    if (normalization === undefined) throw notForBoards(`its ${block.block} block is of other readings than it takes`);
    const { mean, factor } = normalization;
    return [
      block.block === "scale"
        ? `/* Features: every number times ${floatLiteral(factor[0])}, which is 1 / ${floatLiteral(block.divide)}. */`
        : "/* Features: every channel minus its mean, times 1 / its deviation, both of the training rows. */",
      arrayDefinition(
        `static const float tinyml_mean_${i + 1}[${channels}] TINYML_FLASH`,
        Array.from(mean, floatLiteral),
      ),
      arrayDefinition(
        `static const float tinyml_factor_${i + 1}[${channels}] TINYML_FLASH`,
        Array.from(factor, floatLiteral),
      ),
    ].join("\n");
  });
}

function writeSelfTest({ code, input, output }: Writer, known: NonNullable<SketchOptions["knownAnswer"]>): string {
  if (known.input.length !== input.length || known.output.length !== output.length) {
    throw new TinymlError(
      "TINYML_INTERNAL",
      `The known answer has ${known.input.length} and ${known.output.length} numbers; the model ${input.length} and ${output.length}.`,
    );
  }
  const int8 = code.type === "int8";
  const ctype = int8 ? "int8_t" : "float";
  const read = int8 ? "TINYML_READ_INT8" : "TINYML_READ_FLOAT";
  const literals = (values: ArrayLike<number>): string[] => Array.from(values, int8 ? String : floatLiteral);
  const compare = int8
    ? [`    if (${output.macro}[i] != ${read}(tinyml_test_output + i)) return false;`]
    : [
        `    float expected = ${read}(tinyml_test_output + i);`,
        `    float difference = fabs(${output.macro}[i] - expected);`,
        `    if (!(difference <= 1e-4f * fabs(expected) + ${floatLiteral(roundingOf(known.output))})) return false;`,
      ];
  return [
    `/* An input, and the output that the flow computed for it: the board must compute the same${int8 ? "" : " but for rounding"}. */`,
    arrayDefinition(`static const ${ctype} tinyml_test_input[${input.length}] TINYML_FLASH`, literals(known.input)),
    arrayDefinition(`static const ${ctype} tinyml_test_output[${output.length}] TINYML_FLASH`, literals(known.output)),
    "",
    "static bool tinyml_self_test() {",
    ...(code.hasState ? ["  tinyml_model_reset();"] : []),
    `  for (tinyml_size i = 0; i < ${input.macro}_LENGTH; i++) ${input.macro}[i] = ${read}(tinyml_test_input + i);`,
    "  tinyml_model_run();",
    `  for (tinyml_size i = 0; i < ${output.macro}_LENGTH; i++) {`,
    ...compare,
    "  }",
    "  return true;",
    "}",
  ].join("\n");
}

/** How far a float output may be off whatever it is: as much as rounding makes of the largest of the outputs. */
function roundingOf(outputs: ArrayLike<number>): number {
  const largest = Array.from(outputs, Math.abs).reduce((a, b) => Math.max(a, b), 0);
  // Its digits are of no use to anyone.
  return Number((1e-5 * largest).toPrecision(2));
}

function sumType(board: Board): string {
  return reads * (2 ** board.adcBits - 1) < 65536 ? "uint16_t" : "uint32_t";
}

function writeReadPin(board: Board): string {
  const type = sumType(board);
  return [
    `/* Reads a pin TINYML_READS times; the sum of the codes (each 0 .. ${2 ** board.adcBits - 1}). */`,
    `static ${type} tinyml_read_pin(uint8_t pin) {`,
    `  ${type} sum = 0;`,
    "  for (uint8_t i = 0; i < TINYML_READS; i++) sum += analogRead(pin);",
    "  return sum;",
    "}",
  ].join("\n");
}

function writeResult({ macro }: CodeTensor): string {
  return [
    "/* The real number that an element of the output stands for. */",
    "static float tinyml_result(int8_t stored) {",
    "  float value;",
    `  tinyml_dequantize_int8(&stored, &value, 1, ${macro}_SCALE, ${macro}_ZERO_POINT);`,
    "  return value;",
    "}",
  ].join("\n");
}

function writeSetup(result: ArduinoTraits["result"], selfTest: boolean, hasState: boolean): string {
  return [
    "void setup() {",
    ...(result === "pwm" ? ["  pinMode(TINYML_PWM_PIN, OUTPUT);"] : []),
    ...(result === "label" ? ["  pinMode(LED_BUILTIN, OUTPUT);"] : []),
    "  Serial.begin(115200);",
    ...(selfTest ? ['  Serial.println(tinyml_self_test() ? F("self-test: pass") : F("self-test: FAIL"));'] : []),
    ...(hasState ? ["  tinyml_model_reset();"] : []),
    "}",
  ].join("\n");
}

function writeLoop(writer: Writer, result: ArduinoTraits["result"]): string {
  const { code, board, world, input, output } = writer;
  const int8 = code.type === "int8";
  const reading = int8 ? "reading" : input.macro;
  const readChannels = world.inputs.flatMap(({ name, range }, i) => {
    const pin = board.analogPins[i];
    const [low, high] = range.map(Math.fround);
    const span = Math.fround(high - low);
    const fraction = `sum / (TINYML_READS * ${2 ** board.adcBits - 1}.0f)`;
    const scaled = span === 1 ? fraction : `${floatLiteral(span)} * (${fraction})`;
    const title = world.inputs.length === 1 ? "code" : pin;
    return [
      `  /* ${pin}: "${commentText(name)}", ${low} .. ${high} */`,
      `  ${i === 0 ? `${sumType(board)} ` : ""}sum = tinyml_read_pin(${pin});`,
      `  Serial.print(F("${i === 0 ? "" : ","}${title}:"));`,
      "  Serial.print((sum + TINYML_READS / 2) / TINYML_READS);",
      `  ${reading}[${i}] = ${low === 0 ? scaled : `${floatLiteral(low)} + ${scaled}`};`,
    ];
  });
  const compute = [
    ...world.features.map(
      (_, i) =>
        `  tinyml_normalize(${reading}, ${reading}, 1, ${input.length}, tinyml_mean_${i + 1}, tinyml_factor_${i + 1});`,
    ),
    ...(int8
      ? [
          `  tinyml_quantize_int8(reading, ${input.macro}, ${input.macro}_LENGTH, ${input.macro}_SCALE, ${input.macro}_ZERO_POINT);`,
        ]
      : []),
    "  tinyml_model_run();",
  ];
  return [
    "void loop() {",
    ...(int8 ? [`  float reading[${input.macro}_LENGTH];`] : []),
    ...readChannels,
    "",
    "  /* The model. */",
    ...compute,
    "",
    ...(result === "label" ? showLabel(output, int8) : showValues(writer, result, int8)),
    "",
    "  delay(TINYML_PAUSE);",
    "}",
  ].join("\n");
}

function showLabel(output: CodeTensor, int8: boolean): string[] {
  const binary = output.length === 1;
  const dequantize = (from: string, to: string): string =>
    int8
      ? `tinyml_dequantize_int8(${from}, &${to}, 1, ${output.macro}_SCALE, ${output.macro}_ZERO_POINT);`
      : `${to} = *(${from});`;
  const choose = binary
    ? [
        "  /* One score, that of label 1; label 0 has the rest. */",
        "  float score;",
        `  ${dequantize(output.macro, "score")}`,
        "  uint16_t best = score > 1.0f - score ? 1 : 0;",
        "  if (best == 0) score = 1.0f - score;",
      ]
    : [
        "  /* The label with the highest score. */",
        "  uint16_t best = 0;",
        `  for (uint16_t i = 1; i < ${output.macro}_LENGTH; i++) {`,
        `    if (${output.macro}[i] > ${output.macro}[best]) best = i;`,
        "  }",
        "  float score;",
        `  ${dequantize(`${output.macro} + best`, "score")}`,
      ];
  return [
    ...choose,
    "  digitalWrite(LED_BUILTIN, best == TINYML_LED_CLASS ? HIGH : LOW);",
    "",
    '  Serial.print(F(",class:"));',
    "  Serial.print(best);",
    '  Serial.print(F(",confidence:"));',
    "  Serial.print((int)(100.0f * score + 0.5f));",
    '  Serial.print(F(",label:"));',
    "  Serial.println(tinyml_label(best));",
  ];
}

function showValues({ output, world }: Writer, result: "pwm" | "value", int8: boolean): string[] {
  const lines: string[] = [];
  const [target] = world.targets;
  const element = (i: number): string => (output.length === 1 ? `${output.macro}[0]` : `${output.macro}[${i}]`);
  if (int8) {
    world.targets.forEach((_, i) => {
      lines.push(`  Serial.print(F(",output${output.length === 1 ? "" : i + 1}:"));`, `  Serial.print(${element(i)});`);
    });
  }
  const value = (i: number): string => (int8 ? `tinyml_result(${element(i)})` : element(i));
  if (!int8 || result === "value") {
    world.targets.forEach((channel, i) => {
      lines.push(`  Serial.print(F(${cString(`,${plotterName(channel)}:`)}));`, `  Serial.print(${value(i)}, 4);`);
    });
  }
  if (result === "pwm" && target?.range !== undefined) {
    const [low, high] = target.range.map(Math.fround);
    const above = low === 0 ? value(0) : `(${value(0)} - ${floatLiteral(low)})`;
    const unit = target.unit === "" ? "" : ` ${commentText(target.unit)}`;
    lines.push(
      "",
      `  /* "${commentText(target.name)}": ${low} .. ${high}${unit} becomes 0 .. 255. A model may overshoot; the pin gets no more than its ends. */`,
      `  float level = ${floatLiteral(255 / Math.fround(high - low))} * ${above};`,
      "  uint8_t pwm = 0;",
      "  if (level > 0.0f) pwm = level < 255.0f ? (uint8_t)(level + 0.5f) : 255;",
      "  analogWrite(TINYML_PWM_PIN, pwm);",
      '  Serial.print(F(",pwm:"));',
      "  Serial.println(pwm);",
    );
  } else {
    lines.push("  Serial.println();");
  }
  return lines;
}

/** A target's name as the Serial Plotter takes it: it splits at blanks, commas and colons. */
function plotterName({ name }: Channel): string {
  const plain = name.replace(/[\s,:\p{Cc}\p{Cf}]+/gu, "_").replace(/^_+|_+$/g, "");
  return plain === "" ? "value" : plain;
}

function notForBoards(reason: string): TinymlError {
  return new TinymlError("TINYML_NOT_FOR_BOARDS", `This model can't become an Arduino sketch: ${reason}.`);
}
