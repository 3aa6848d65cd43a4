import assert from "node:assert/strict";
import { strToU8 } from "fflate";
import { importKeras } from "../../src/keras/import-keras";
import { readKeras } from "../../src/keras/read-keras";
import { writeTfjs } from "../../src/keras/write-tfjs";
import { pictureNetwork } from "../tflite/models";
import {
  anySample,
  beside,
  loadTfjs,
  networks,
  predictOurs,
  predictTfjs,
  saveTfjs,
  scatterWeights,
} from "./tfjs-models";

describe("export to tfjs, against TensorFlow.js", () => {
  for (const { name, make } of networks) {
    it(name, async () => {
      const original = make();
      scatterWeights(original, 5);
      const { json, weights } = await saveTfjs(original);
      const ours = importKeras(readKeras(strToU8(json), beside(weights)), { name: "m" });
      const files = writeTfjs(ours);
      const loaded = await loadTfjs(files["model.json"], files["weights.bin"]);
      const sample = anySample(original, 4);
      const theirs = predictTfjs(loaded, sample);
      predictOurs(ours, sample).forEach((value, i) => {
        assert.ok(Math.abs(value - theirs[i]) < 1e-5, `${value}, ${theirs[i]}`);
      });
    });
  }

  it("keeps the description, so that a model comes back as it was", () => {
    const [{ make }] = networks;
    return saveTfjs(make()).then(({ json, weights }) => {
      const keras = { ...readKeras(strToU8(json), beside(weights)), labels: ["a", "b", "c"] };
      const ours = importKeras(keras, { name: "round trip" });
      const files = writeTfjs(ours);
      const back = importKeras(readKeras(strToU8(files["model.json"]), beside(files["weights.bin"])), {
        name: "another",
      });
      assert.deepEqual(back.metadata, ours.metadata);
    });
  });

  it("refuses a quantized model", () => {
    assert.throws(() => writeTfjs(pictureNetwork(true)), {
      code: "TINYML_MODEL_UNSUPPORTED",
      message: /it is quantized/,
    });
  });
});
