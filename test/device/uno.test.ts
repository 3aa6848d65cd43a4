import assert from "node:assert/strict";
import { quantizeInt8 } from "../../src/compression/quantize-int8";
import { kernels } from "../../src/kernels/kernels";
import type { Model } from "../../src/model/model";
import { perTensor } from "../../src/model/operators/operator-rule";
import { knownAnswer } from "../../src/runtime/known-answer";
import { createPredictor, isLabelPrediction } from "../../src/runtime/predictor";
import { parseRecipe } from "../../src/training/recipe";
import { trainRecipe } from "../../src/training/train-recipe";
import { type BuiltSketch, buildSketch, requireArduino } from "../support/arduino";
import { quantizeRandomly, randomNetwork } from "../support/models";
import { potentiometerTable } from "../support/potentiometer";
import { knownAnswerOf, runStdio, sketchOf, uno } from "../support/sketches";
import { requireTool } from "../support/tools";
import { UnoSimulator } from "../support/uno-simulator";

const codes = Array.from({ length: 1024 }, (_, code) => code);

describe("Arduino Uno: the book's potentiometer network in int8", () => {
  let model: Model;
  let built: BuiltSketch;
  let answers: { raw: number; value: number }[];

  before(function () {
    this.timeout(120000);
    requireArduino(this);
    const table = potentiometerTable();
    const recipe = parseRecipe({
      version: 1,
      task: "regression",
      input: { shape: [1] },
      layers: [
        { type: "dense", units: 8, activation: "relu" },
        { type: "dense", units: 16, activation: "relu" },
        { type: "dense", units: 1 },
      ],
      training: { loss: "meanSquaredError", batchSize: 50, epochs: 200, earlyStopping: false },
    });
    model = quantizeInt8(trainRecipe({ recipe, table, name: "potentiometer" }), table);
    answers = answersOf(
      model,
      codes.map((code) => [code / 1023]),
    );
    const knownAnswer = knownAnswerOf(model, quantize(model, [0.5]), [0.5]);
    built = buildSketch(sketchOf(model, { knownAnswer }), uno);
  });

  it("takes less flash and RAM than the 8 KB and 512 bytes that it may", () => {
    assert.ok(built.flashBytes <= 5400, `${built.flashBytes} bytes of flash`);
    assert.ok(built.ramBytes <= 230, `${built.ramBytes} bytes of RAM`);
  });

  it("computes within 15,000 cycles, a millisecond", () => {
    const simulator = new UnoSimulator(built.hex);
    const run = built.symbols.get("tinyml_model_run");
    assert.ok(run !== undefined);
    simulator.runTo(run);
    const cycles = simulator.cyclesOfCall();
    assert.ok(cycles <= 15000, `${cycles} cycles`);
  });

  it("all 1,024 ADC codes: int8 output of flow, C program and board are the same; the PWM is clamped", function () {
    this.timeout(120000);
    requireTool(this, "cc");
    const inputs = codes.flatMap((code) => quantize(model, [code / 1023]));
    const program = new Int8Array(runStdio(sketchOf(model, { template: "stdio" }), Int8Array.from(inputs)));
    const simulator = new UnoSimulator(built.hex);
    assert.equal(simulator.readLine(), "self-test: pass");
    for (const code of codes) {
      const { raw, value } = answers[code];
      simulator.setAdcCode(0, code);
      const level = Math.fround(255 * value);
      const pwm = Math.min(255, Math.max(0, Math.floor(Math.fround(level + 0.5))));
      assert.equal(simulator.readLine(), `code:${code},output:${raw},pwm:${pwm}`);
      assert.equal(program[code], raw);
      assert.equal(simulator.pwm9(), pwm);
    }
  });
});

describe("Arduino Uno: other sketches", () => {
  before(function () {
    requireArduino(this);
  });

  it("a model that leaves the target's range drives the pin no further than its ends", () => {
    const network = randomNetwork({ inputs: 1, layers: [{ units: 1 }], inputRange: [0, 5], targetRange: [-1, 1] });
    const tensors = network.tensors.map((tensor) => {
      if (tensor.name === "dense_0/weights") return { ...tensor, data: Float32Array.of(1) };
      return tensor.name === "dense_0/bias" ? { ...tensor, data: Float32Array.of(-2.5) } : tensor;
    });
    const model = quantizeRandomly({ ...network, tensors });
    const simulator = new UnoSimulator(buildSketch(sketchOf(model), uno).hex);
    const seen = codes
      .filter((code) => code % 31 === 0)
      .map((code) => {
        simulator.setAdcCode(0, code);
        const [, pwm] = /pwm:(\d+)$/.exec(simulator.readLine()) ?? [];
        assert.equal(simulator.pwm9(), Number(pwm));
        return simulator.pwm9();
      });
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    assert.ok(seen.filter((pwm) => pwm === 0).length >= 9 && seen.filter((pwm) => pwm === 255).length >= 9);
  }).timeout(60000);

  it("tanh and sigmoid in int8: the board's output is the flow's", () => {
    const model = quantizeRandomly(
      randomNetwork({
        inputs: 1,
        layers: [
          { units: 6, activation: "TANH" },
          { units: 4, activation: "LOGISTIC" },
          { units: 1, activation: "TANH" },
        ],
      }),
    );
    const simulator = new UnoSimulator(buildSketch(sketchOf(model), uno).hex);
    for (const code of codes.filter((one) => one % 13 === 0)) {
      simulator.setAdcCode(0, code);
      const [{ raw }] = answersOf(model, [[code / 1023]]);
      assert.match(simulator.readLine(), new RegExp(`^code:${code},output:${raw},pwm:`));
    }
  }).timeout(60000);

  for (const type of ["int8", "float32"] as const) {
    it(`three channels, normalized, into three classes in ${type}: label, confidence and LED are the flow's`, () => {
      const labels = ["still", 'a "wave" ??/ in °', "100 %"];
      const float = randomNetwork({
        inputs: 3,
        layers: [
          { units: 8, activation: "RELU" },
          { units: 3, activation: "SOFTMAX" },
        ],
        labels,
        normalize: true,
        inputRange: [-2, 3],
        seed: 4,
      });
      const model = type === "int8" ? quantizeRandomly(float) : float;
      const knownAnswer = knownAnswerOf(
        model,
        type === "int8" ? quantize(model, [0.1, 0.2, 0.3], true) : normalized(model, [0.1, 0.2, 0.3]),
        [0.1, 0.2, 0.3],
      );
      const simulator = new UnoSimulator(buildSketch(sketchOf(model, { knownAnswer, ledLabel: labels[1] }), uno).hex);
      assert.equal(simulator.readLine(), "self-test: pass");
      const predictor = createPredictor(model);
      const met = new Set<string>();
      for (let i = 0; i < 40; i++) {
        const read = [0, 1, 2].map((channel) => (i * 389 + channel * 577 + i * i * channel * 7) % 1024);
        read.forEach((code, pin) => {
          simulator.setAdcCode(pin, code);
        });
        const prediction = predictor.predict(read.map((code) => -2 + Math.fround(5 * Math.fround(code / 1023))));
        assert.ok(isLabelPrediction(prediction));
        met.add(prediction.label);
        const [, pins, number, percent, label] =
          /^(A0:\d+,A1:\d+,A2:\d+),class:(\d+),confidence:(\d+),label:(.*)$/.exec(simulator.readLine()) ?? [];
        assert.equal(pins, read.map((code, pin) => `A${pin}:${code}`).join(","));
        assert.equal(labels[Number(number)], label);
        assert.equal(label, prediction.label);
        assert.ok(Math.abs(Number(percent) - 100 * prediction.confidence) <= 0.51);
        assert.equal(simulator.pin(13), label === labels[1]);
      }
      assert.ok(met.size > 1, "the readings should meet several labels");
      predictor.dispose();
    }).timeout(60000);
  }

  it("a float regression without a target range prints the value, within 1e-4 of the flow's", () => {
    const model = randomNetwork({
      inputs: 1,
      layers: [{ units: 8, activation: "TANH" }, { units: 8, activation: "RELU" }, { units: 2 }],
      targetRange: null,
    });
    const knownAnswer = knownAnswerOf(model, [0.25], [0.25]);
    const simulator = new UnoSimulator(buildSketch(sketchOf(model, { knownAnswer }), uno).hex);
    assert.equal(simulator.readLine(), "self-test: pass");
    const predictor = createPredictor(model);
    for (const code of [0, 1, 200, 511, 800, 1023]) {
      simulator.setAdcCode(0, code);
      const prediction = predictor.predict([code / 1023]);
      assert.ok(Array.isArray(prediction));
      const values = /^code:\d+,level0:(-?[\d.]+),level1:(-?[\d.]+)$/.exec(simulator.readLine())?.slice(1).map(Number);
      assert.equal(values?.length, 2);
      values.forEach((value, i) => {
        assert.ok(Math.abs(value - prediction[i]) <= 1e-4, `${value} is not ${prediction[i]}`);
      });
    }
    predictor.dispose();
  }).timeout(60000);

  for (const size of [100000, 1, 1e-6]) {
    it(`float targets of about ${size}: the self-test passes the right answer and fails another`, () => {
      const network = randomNetwork({
        inputs: 1,
        layers: [{ units: 8, activation: "TANH" }, { units: 2 }],
        targetRange: null,
      });
      const last = network.tensors.map((tensor) =>
        tensor.name.startsWith("dense_1/") && tensor.data instanceof Float32Array
          ? { ...tensor, data: tensor.data.map((weight) => size * weight) }
          : tensor,
      );
      const model = { ...network, tensors: last };
      const known = knownAnswer(model);
      assert.ok(known);
      const selfTest = (output: number[]): string => {
        const sketch = sketchOf(model, { knownAnswer: { input: known.input, output } });
        return new UnoSimulator(buildSketch(sketch, uno).hex).readLine();
      };
      assert.equal(selfTest(known.output), "self-test: pass");
      assert.equal(selfTest(known.output.map((value) => 1.001 * value)), "self-test: FAIL");
      assert.equal(selfTest([0, 0]), "self-test: FAIL");
    }).timeout(60000);
  }

  it("110 int8 targets work where little more than the stack's reserve is left of the RAM", () => {
    const layers = [{ units: 1400 }, { units: 5 }, { units: 110 }];
    const model = quantizeRandomly(randomNetwork({ inputs: 1, layers, targetRange: null }));
    const sketch = sketchOf(model, { knownAnswer: knownAnswer(model) });
    const built = buildSketch(sketch, uno);
    assert.ok(built.ramBytes > 1550 && built.ramBytes <= uno.ramBytes - uno.stackBytes, `${built.ramBytes} bytes`);
    const simulator = new UnoSimulator(built.hex);
    assert.equal(simulator.readLine(), "self-test: pass");
    const values = simulator.readLine().match(/level\d+:-?[\d.]+/g);
    assert.equal(values?.length, 110);
    assert.doesNotMatch(sketch.files[`${sketch.name}.ino`], /float \w+\[TINYML_MODEL_OUTPUT_LENGTH\]/);
  }).timeout(60000);

  it("a board that computes something else says so at its start", () => {
    const model = quantizeRandomly(randomNetwork({ inputs: 1, layers: [{ units: 2 }], targetRange: null }));
    const { input, output } = knownAnswerOf(model, quantize(model, [0.5]), [0.5]);
    const wrong = Array.from(output, (value, i) => (i === 1 ? value ^ 1 : value));
    const sketch = sketchOf(model, { knownAnswer: { input, output: wrong } });
    assert.equal(new UnoSimulator(buildSketch(sketch, uno).hex).readLine(), "self-test: FAIL");
  }).timeout(60000);
});

/** The flow's answers: raw int8 output and dequantized value. */
function answersOf(model: Model, readings: number[][]): { raw: number; value: number }[] {
  const predictor = createPredictor(model);
  const answers = readings.map((reading) => {
    const value = predictor.predict(reading);
    return { raw: predictor.rawOutput()[0], value: Number(value) };
  });
  predictor.dispose();
  return answers;
}

/** A reading as the model's normalized input. */
function normalized(model: Model, reading: number[]): number[] {
  const [block] = model.metadata?.features ?? [];
  if (block?.block !== "normalize") return reading;
  return reading.map((value, i) => {
    const inverse = Math.fround(1 / Math.fround(block.deviation[i]));
    return Math.fround(Math.fround(Math.fround(value) - Math.fround(block.mean[i])) * inverse);
  });
}

/** A reading as the raw int8 input of the model. */
function quantize(model: Model, reading: number[], withFeatures = false): number[] {
  const scale = perTensor(model.tensors[model.inputs[0]]);
  assert.ok(scale);
  const { call, heap } = kernels();
  const address = heap.allocate(8 * reading.length);
  heap.float32.set(withFeatures ? normalized(model, reading) : reading, address / 4);
  const to = address + 4 * reading.length;
  call.tinyml_quantize_int8(address, to, reading.length, scale.scale, scale.zeroPoint);
  const values = [...heap.int8.subarray(to, to + reading.length)];
  heap.release(address);
  return values;
}
