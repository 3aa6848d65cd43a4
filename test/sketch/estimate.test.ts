import assert from "node:assert/strict";
import { buildSketch, requireArduino } from "../support/arduino";
import { quantizeRandomly, type RandomNetwork, randomNetwork } from "../support/models";
import { sketchOf, uno } from "../support/sketches";

const relu = (units: number) => ({ units, activation: "RELU" as const });
const labels = (count: number): string[] => Array.from({ length: count }, (_, i) => `label ${i}`);

const networks: Record<string, RandomNetwork> = {
  "one dense layer": { inputs: 1, layers: [{ units: 1 }] },
  "the book's potentiometer network": { inputs: 1, layers: [relu(8), relu(16), { units: 1 }] },
  "five dense layers, clamped": {
    inputs: 2,
    layers: [relu(20), { units: 20, activation: "RELU6" }, relu(10), relu(10), { units: 1 }],
  },
  "wide layers": { inputs: 3, layers: [relu(48), relu(40), { units: 1 }] },
  "six channels, normalized, with ranges of their own": {
    inputs: 6,
    layers: [relu(12), { units: 1 }],
    normalize: true,
    inputRange: [-40, 85],
    targetRange: [0, 100],
  },
  "tanh and a sigmoid at the end": {
    inputs: 1,
    layers: [
      { units: 8, activation: "TANH" },
      { units: 8, activation: "TANH" },
      { units: 1, activation: "LOGISTIC" },
    ],
  },
  "RELU as an operator": { inputs: 2, layers: [{ units: 8, activation: "RELU_OPERATOR" }, { units: 1 }] },
  "two targets without a range": { inputs: 1, layers: [relu(8), { units: 2 }], targetRange: null },
  "110 targets without a range": { inputs: 1, layers: [relu(8), { units: 110 }], targetRange: null },
  "forty targets, the first on a pin": { inputs: 1, layers: [relu(8), { units: 40 }] },
  "three classes": {
    inputs: 3,
    layers: [relu(10), { units: 3, activation: "SOFTMAX" }],
    labels: labels(3),
    normalize: true,
  },
  "ten classes": { inputs: 4, layers: [relu(16), { units: 10, activation: "SOFTMAX" }], labels: labels(10) },
  "two classes by one score": { inputs: 2, layers: [relu(6), { units: 1, activation: "LOGISTIC" }], labels: labels(2) },
};

describe("estimate of an Uno sketch, made before anything is compiled", () => {
  before(function () {
    requireArduino(this);
  });

  for (const [what, network] of Object.entries(networks)) {
    for (const type of ["int8", "float32"] as const) {
      it(`${what}, ${type}: flash and RAM within 5 % of the compiled sketch`, () => {
        const float = randomNetwork(network);
        const model = type === "int8" ? quantizeRandomly(float) : float;
        const output = model.tensors[model.outputs[0]].shape[1];
        const knownAnswer = { input: new Array(network.inputs).fill(1), output: new Array(output).fill(1) };
        const sketch = sketchOf(model, { knownAnswer });
        const built = buildSketch(sketch, uno);
        assertWithin(0.05, sketch.estimate?.flashBytes, built.flashBytes, "flash");
        assertWithin(0.05, sketch.estimate?.ramBytes, built.ramBytes, "RAM");
      }).timeout(60000);
    }
  }

  it("holds without a known answer too", () => {
    const sketch = sketchOf(quantizeRandomly(randomNetwork(networks["three classes"])));
    assertWithin(0.05, sketch.estimate?.flashBytes, buildSketch(sketch, uno).flashBytes, "flash");
  }).timeout(60000);
});

function assertWithin(share: number, estimate: number | undefined, actual: number, what: string): void {
  assert.ok(estimate !== undefined && actual > 0);
  const error = estimate / actual - 1;
  assert.ok(Math.abs(error) <= share, `${what}: ${estimate} estimated, ${actual} built, ${(100 * error).toFixed(1)} %`);
}
