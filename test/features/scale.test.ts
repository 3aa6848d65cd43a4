import assert from "node:assert/strict";
import { applyFeatures, fitNormalize } from "../../src/features/features";
import type { FeatureBlock } from "../../src/model/metadata";
import { createPredictor } from "../../src/runtime/predictor";
import { randomNetwork } from "../support/models";
import { sketchOf } from "../support/sketches";

const scale: FeatureBlock = { block: "scale", divide: 255 };

describe("the scale block", () => {
  it("divides every number, of any number of channels", () => {
    const bytes = Float32Array.of(0, 255, 51, 102, 1, 127);
    for (const channels of [1, 2, 3]) {
      const scaled = applyFeatures([scale], bytes, channels);
      bytes.forEach((byte, i) => {
        assert.ok(Math.abs(scaled[i] - byte / 255) <= 2 ** -24, `${byte} becomes ${scaled[i]}`);
      });
    }
  });

  it("stands before a normalize block, which learns from what it gives", () => {
    const rows = Float32Array.of(0, 100, 200);
    const blocks = [scale, fitNormalize([applyFeatures([scale], rows, 1)], 1)];
    const expected = applyFeatures([fitNormalize([rows], 1)], rows, 1);
    applyFeatures(blocks, rows, 1).forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]) < 1e-6);
    });
  });

  it("gives the same prediction as a flow that divides by itself", () => {
    const model = randomNetwork({ inputs: 2, layers: [{ units: 3, activation: "SOFTMAX" }], labels: ["a", "b", "c"] });
    assert.ok(model.metadata);
    const plain = createPredictor(model);
    const scaled = createPredictor({
      ...model,
      metadata: { ...model.metadata, features: [{ block: "scale", divide: 4 }] },
    });
    try {
      assert.deepEqual(scaled.predict([3, 100]), plain.predict([0.75, 25]));
    } finally {
      plain.dispose();
      scaled.dispose();
    }
  });

  it("is in a sketch what it is in the flow", () => {
    const model = randomNetwork({ inputs: 2, layers: [{ units: 1 }] });
    assert.ok(model.metadata);
    const { files } = sketchOf({
      ...model,
      metadata: { ...model.metadata, features: [{ block: "scale", divide: 4 }] },
    });
    const ino = Object.entries(files).find(([name]) => name.endsWith(".ino"))?.[1] ?? "";
    assert.match(ino, /tinyml_mean_1\[2\] TINYML_FLASH = \{\s*0\.0f, 0\.0f\s*\}/);
    assert.match(ino, /tinyml_factor_1\[2\] TINYML_FLASH = \{\s*0\.25f, 0\.25f\s*\}/);
    assert.ok(Object.hasOwn(files, "normalize.c"));
  });
});
