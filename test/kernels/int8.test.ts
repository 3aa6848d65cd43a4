import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { kernels } from "../../src/kernels/kernels";
import { softmaxInt8Parameters } from "../../src/model/quantization";
import { requireTool, runTool } from "../support/tools";
import { allInt8, type Call, expectedScalars, goldenCases, perTensor, prepare } from "./int8-golden";

describe("int8 kernels", () => {
  describe("parameters are those that TensorFlow Lite Micro prepares", () => {
    for (const op of ["FULLY_CONNECTED", "RELU", "LOGISTIC", "TANH", "SOFTMAX"] as const) {
      it(op, () => {
        for (const golden of goldenCases.filter((one) => one.op === op)) {
          const call = prepare(golden);
          assert.deepEqual(call.scalars, expectedScalars(golden));
        }
      });
    }
  });

  const places: Record<string, (context: Mocha.Context) => (calls: Call[]) => number[][]> = {
    "compiled by gcc": (context) => {
      requireTool(context, "gcc");
      return runWithGcc;
    },
    "in WebAssembly": () => runInWebAssembly,
  };
  for (const [place, open] of Object.entries(places)) {
    describe(`${place}, outputs are those of TensorFlow Lite Micro's reference kernels`, () => {
      for (const op of ["FULLY_CONNECTED", "RELU", "LOGISTIC", "TANH", "SOFTMAX"] as const) {
        it(op, function () {
          const ofThisOp = goldenCases.filter((one) => one.op === op);
          const outputs = open(this)(ofThisOp.map(prepare));
          assert.deepEqual(
            outputs,
            ofThisOp.map((one) => one.output),
          );
        });
      }
    });
  }

  it("softmax of 512 and more equal classes gives each the lowest output", () => {
    const call: Call = {
      kernel: "softmax",
      shape: [1, 4095],
      scalars: Object.values(softmaxInt8Parameters(1, perTensor(0.1, 0))),
      input: new Array(4095).fill(7),
      outputLength: 4095,
    };
    assert.deepEqual(new Set(runInWebAssembly([call])[0]), new Set([-128]));
  });
});

describe("quantize and dequantize", () => {
  const quantize = (value: number, scale: number, zeroPoint: number): number => {
    const { call, heap } = kernels();
    const address = heap.allocate(16);
    heap.float32[address / 4] = value;
    call.tinyml_quantize_int8(address, address + 8, 1, scale, zeroPoint);
    const stored = heap.int8[address + 8];
    heap.release(address);
    return stored;
  };

  const table: [what: string, value: number, scale: number, zeroPoint: number, stored: number][] = [
    ["zero is the zero point", 0, 0.1, -12, -12],
    ["a half rounds up above zero", 2.5, 1, 0, 3],
    ["a half rounds down below zero", -2.5, 1, 0, -3],
    ["just under a half rounds to zero", 0.49999997, 1, 0, 0],
    ["too large is clamped", 1e9, 0.5, 3, 127],
    ["too small is clamped", -1e9, 0.5, 3, -128],
    ["the highest value of a shifted range", 255, 1, -128, 127],
    ["beyond the highest value of a shifted range", 256, 1, -128, 127],
    ["infinity is clamped", Number.POSITIVE_INFINITY, 1, 0, 127],
    ["minus infinity is clamped", Number.NEGATIVE_INFINITY, 1, 0, -128],
    ["not a number gives the lowest value", Number.NaN, 1, 0, -128],
  ];
  for (const [what, value, scale, zeroPoint, stored] of table) {
    it(what, () => assert.equal(quantize(value, scale, zeroPoint), stored));
  }

  it("every int8 survives the way to a real number and back", () => {
    const { call, heap } = kernels();
    const address = heap.allocate(256 * 6);
    for (const [scale, zeroPoint] of [
      [1 / 255, -128],
      [0.0371, 5],
      [3.5e-5, 127],
    ]) {
      heap.int8.set(allInt8, address);
      call.tinyml_dequantize_int8(address, address + 256, 256, scale, zeroPoint);
      call.tinyml_quantize_int8(address + 256, address + 1280, 256, scale, zeroPoint);
      assert.deepEqual([...heap.int8.subarray(address + 1280, address + 1536)], allInt8);
    }
    heap.release(address);
  });
});

function runWithGcc(calls: Call[]): number[][] {
  const folder = mkdtempSync(path.join(tmpdir(), "tinyml-int8-"));
  try {
    const sources = path.join(__dirname, "..", "..", "src", "kernels");
    const program = path.join(folder, "runner");
    // Plain char is unsigned on ARM: the kernels may not depend on it. Undefined behaviour ends the program.
    const flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-funsigned-char", "-fsanitize=undefined"];
    const files = ["int8_dense.c", "int8_activation.c"].map((name) => path.join(sources, name));
    runTool("gcc", [
      ...flags,
      "-fno-sanitize-recover",
      `-I${sources}`,
      path.join(__dirname, "int8_runner.c"),
      ...files,
      "-o",
      program,
    ]);
    const input = calls.map(({ kernel, shape, scalars, input, weights = [], bias = [] }) => {
      const hasBias = kernel === "dense" ? [bias.length > 0 ? 1 : 0] : [];
      return [kernel, ...shape, ...hasBias, ...scalars, ...input, ...weights, ...bias].join(" ");
    });
    const lines = runTool(program, [], input.join("\n")).toString().trim().split("\n");
    return lines.map((line) => line.split(" ").map(Number));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runInWebAssembly(calls: Call[]): number[][] {
  const { call, heap } = kernels();
  return calls.map(({ kernel, shape, scalars, input, weights = [], bias = [], outputLength }) => {
    const [atInput, atWeights, atBias, atOutput] = [input.length, weights.length, bias.length * 4, outputLength].map(
      (bytes) => heap.allocate(bytes),
    );
    heap.int8.set(input, atInput);
    heap.int8.set(weights, atWeights);
    heap.int32.set(bias, atBias / 4);
    if (kernel === "dense") {
      call.tinyml_dense_int8(atInput, atWeights, bias.length > 0 ? atBias : 0, atOutput, ...shape, ...scalars);
    } else {
      call[`tinyml_${kernel}_int8`](atInput, atOutput, ...shape, ...scalars);
    }
    const output = [...heap.int8.subarray(atOutput, atOutput + outputLength)];
    for (const address of [atInput, atWeights, atBias, atOutput]) heap.release(address);
    return output;
  });
}
