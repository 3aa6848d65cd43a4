import assert from "node:assert/strict";
import { readKernelSources } from "../../build/kernels";
import { collectKernelFiles } from "../../src/sketch/kernel-files";
import type { Sketch } from "../../src/sketch/sketch";
import { buildSketch, requireArduino } from "../support/arduino";
import { uno } from "../support/sketches";
import { UnoSimulator } from "../support/uno-simulator";
import { type GoldenCase, goldenCases, prepare } from "./int8-golden";

describe("int8 kernels on an ATmega328P", () => {
  before(function () {
    requireArduino(this);
  });

  for (const op of ["FULLY_CONNECTED", "RELU", "LOGISTIC", "TANH", "SOFTMAX"] as const) {
    it(`${op}: outputs are those of TensorFlow Lite Micro's reference kernels`, () => {
      const cases = goldenCases.filter((one) => one.op === op);
      const simulator = new UnoSimulator(buildSketch(writeTestSketch(cases), uno).hex);
      cases.forEach((_, i) => {
        assert.equal(simulator.readLine(30), `case ${i}: 0 wrong`);
      });
    }).timeout(60000);
  }
});

/** A sketch that runs golden cases and prints how many outputs of each are not the expected ones. */
function writeTestSketch(cases: readonly GoldenCase[]): Sketch {
  const constants: string[] = [];
  const calls = cases.map((golden, i) => {
    const { kernel, shape, scalars, input, weights = [], bias = [], outputLength } = prepare(golden);
    const constant = (type: string, what: string, values: readonly number[]): string => {
      constants.push(`static const ${type} ${what}_${i}[] TINYML_FLASH = {${values.join(", ")}};`);
      return `${what}_${i}`;
    };
    // All runs of the element-wise kernels have the same input.
    const from = input.length === 256 && i > 0 && kernel !== "dense" ? "input_0" : constant("int8_t", "input", input);
    const pointers =
      kernel === "dense"
        ? `input, ${constant("int8_t", "weights", weights)}, ${bias.length > 0 ? constant("int32_t", "bias", bias) : "NULL"}, output`
        : "input, output";
    return [
      `  memcpy_P(input, ${from}, ${input.length});`,
      `  tinyml_${kernel}_int8(${[pointers, ...shape, ...scalars].join(", ")});`,
      `  compare(${i}, ${constant("int8_t", "expected", golden.output)}, ${outputLength});`,
    ].join("\n");
  });
  const ino = `#include "tinyml_kernels.h"
static int8_t input[256], output[256];
${constants.join("\n")}
static void compare(int number, const int8_t *expected, int count) {
  int wrong = 0;
  for (int i = 0; i < count; i++) wrong += output[i] != TINYML_READ_INT8(expected + i);
  Serial.print(F("case "));
  Serial.print(number);
  Serial.print(F(": "));
  Serial.print(wrong);
  Serial.println(F(" wrong"));
}
void setup() {
  Serial.begin(115200);
${calls.join("\n")}
}
void loop() {}
`;
  const files = collectKernelFiles(readKernelSources(), ["int8_dense.c", "int8_activation.c"]);
  return { name: "golden", files: { "golden.ino": ino, ...files } };
}
