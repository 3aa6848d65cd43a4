import assert from "node:assert/strict";
import * as analogIn from "../../nodes/analog-in/config";
import * as dataset from "../../nodes/dataset/config";
import * as digitalIn from "../../nodes/digital-in/config";
import * as evaluate from "../../nodes/evaluate/config";
import * as exporting from "../../nodes/export/config";
import * as features from "../../nodes/features/config";
import * as output from "../../nodes/output/config";
import * as predict from "../../nodes/predict/config";
import * as quantize from "../../nodes/quantize/config";
import * as record from "../../nodes/record/config";
import * as samples from "../../nodes/samples/config";
import * as sensor from "../../nodes/sensor/config";
import { isName } from "../../nodes/settings";
import * as train from "../../nodes/train/config";
import { presets } from "../../nodes/train/presets";
import * as window from "../../nodes/window/config";
import { TinymlError } from "../../src/errors";
import { assertName } from "../../src/storage";
import { parseRecipe } from "../../src/training/recipe";

type Parse = (stored: unknown) => unknown;
const parsers: Array<[name: string, parse: Parse, defaults: object, needed: object]> = [
  ["analog-in", analogIn.parseConfig, analogIn.defaults, {}],
  ["dataset", dataset.parseConfig, dataset.defaults, { name: "d" }],
  ["digital-in", digitalIn.parseConfig, digitalIn.defaults, {}],
  ["evaluate", evaluate.parseConfig, evaluate.defaults, {}],
  ["export", exporting.parseConfig, exporting.defaults, {}],
  ["features", features.parseConfig, features.defaults, {}],
  ["output", output.parseConfig, output.defaults, {}],
  ["predict", predict.parseConfig, predict.defaults, {}],
  ["quantize", quantize.parseConfig, quantize.defaults, {}],
  ["record", record.parseConfig, record.defaults, {}],
  ["samples", samples.parseConfig, samples.defaults, {}],
  ["sensor", sensor.parseConfig, sensor.defaults, {}],
  ["train", train.parseConfig, train.defaults, { model: "m" }],
  ["window", window.parseConfig, window.defaults, {}],
];

function isInvalid(error: unknown): boolean {
  return error instanceof TinymlError && error.code === "TINYML_CONFIG_INVALID";
}

describe("node settings", () => {
  for (const [name, parse, defaults, needed] of parsers) {
    it(`${name}: a new node's settings and those of a node without any are the same`, () => {
      assert.deepEqual(parse({ ...defaults, ...needed }), parse(needed));
    });

    it(`${name}: texts, as the editor's fields store them, do for numbers`, () => {
      const texts = Object.entries(defaults).map(([key, value]) => [
        key,
        typeof value === "number" ? `${value}` : value,
      ]);
      assert.deepEqual(parse({ ...Object.fromEntries(texts), ...needed }), parse(needed));
    });

    it(`${name}: whatever else is stored is TINYML_CONFIG_INVALID, never another error`, () => {
      const keys = Object.keys(defaults).filter((key) => key !== "name");
      for (const key of [...keys, "name"]) {
        for (const value of [Symbol("x"), {}, [[]], [null], -1e300, "\u0000", Number.NaN, () => 1, true, 1n]) {
          try {
            parse({ ...defaults, ...needed, [key]: value });
          } catch (error) {
            assert.ok(isInvalid(error), `${key} = ${String(value)}: ${String(error)}`);
          }
        }
      }
    });
  }

  it("dataset: reads channels with and without a range, and refuses halves of one", () => {
    const channel = (fields: object) =>
      dataset.parseConfig({ name: "d", channels: [{ name: "x", ...fields }] }).channels;
    assert.deepEqual(channel({}), [{ name: "x", unit: "" }]);
    assert.deepEqual(channel({ unit: "V", low: "0", high: "3.3" }), [{ name: "x", unit: "V", range: [0, 3.3] }]);
    assert.deepEqual(channel({ low: 1, high: -1 }), [{ name: "x", unit: "", range: [1, -1] }]);
    for (const fields of [{ low: "0" }, { high: 1 }, { low: 2, high: 2 }, { low: "a", high: 1 }, { name: " " }]) {
      assert.throws(() => channel(fields), isInvalid, JSON.stringify(fields));
    }
    for (const channels of [[], [{ name: "x" }, { name: "x" }], "x"]) {
      assert.throws(() => dataset.parseConfig({ name: "d", channels }), isInvalid);
    }
    assert.equal(dataset.channelProblem([{ name: "x" }]), undefined);
    assert.match(dataset.channelProblem([{ name: "" }]) ?? "", /no name/);
  });

  it("dataset: of files asks for their path, and for no channels", () => {
    const files = { name: "d", kind: "files", task: "classification", channels: [], path: " /data/mnist " };
    assert.deepEqual(dataset.parseConfig(files), {
      name: "d",
      kind: "files",
      path: "/data/mnist",
      task: "classification",
      channels: [],
      labels: [],
      targets: [],
      rateHz: 0,
      quotaMegabytes: 0,
    });
    assert.throws(() => dataset.parseConfig({ ...files, path: " " }), isInvalid);
    assert.throws(() => dataset.parseConfig({ ...files, kind: "cloud" }), isInvalid);
  });

  it("dataset: knows the channels of sounds and pictures, and a rate where there is one", () => {
    const read = (settings: object) => {
      const { kind, channels, rateHz } = dataset.parseConfig({ name: "d", ...settings });
      return [kind, channels.map(({ name }) => name).join(" "), rateHz];
    };
    assert.deepEqual(read({}), ["table", "value", 0]);
    assert.deepEqual(read({ kind: "recorded", rateHz: 9 }), ["table", "value", 0]);
    assert.deepEqual(read({ kind: "timeseries", rateHz: "62.5" }), ["timeseries", "value", 62.5]);
    assert.deepEqual(read({ kind: "audio", channels: [] }), ["audio", "sound", 16000]);
    assert.deepEqual(read({ kind: "audio", rateHz: 8000 }), ["audio", "sound", 8000]);
    assert.deepEqual(read({ kind: "image" }), ["image", "red green blue", 0]);
    assert.deepEqual(read({ kind: "image", colours: "grey" }), ["image", "pixel", 0]);
    for (const wrong of [{ kind: "audio", rateHz: 0.5 }, { kind: "timeseries", rateHz: -1 }, { quotaMegabytes: -1 }]) {
      assert.throws(() => dataset.parseConfig({ name: "d", ...wrong }), isInvalid, JSON.stringify(wrong));
    }
  });

  it("dataset: reads labels from a text with commas", () => {
    assert.deepEqual(dataset.readLabels(" idle, shake ,,up down"), ["idle", "shake", "up down"]);
    assert.throws(() => dataset.readLabels("a, b, a"), isInvalid);
  });

  it("train: makes recipes that the trainer accepts", () => {
    const book = train.parseConfig({ model: "m", ...presets.potentiometer });
    const recipe = parseRecipe(train.recipeOf(book, { task: "regression", shape: [1], outputs: 1 }));
    assert.deepEqual(
      recipe.layers.map((layer) => (layer.type === "dense" ? [layer.units, layer.activation] : [])),
      [
        [8, "relu"],
        [16, "relu"],
        [1, "linear"],
      ],
    );
    const { loss, batchSize, epochs, validation, earlyStopping, optimizer } = recipe.training;
    assert.deepEqual(
      { loss, batchSize, epochs, validation, earlyStopping, optimizer: optimizer.type },
      {
        loss: "meanSquaredError",
        batchSize: 50,
        epochs: 500,
        validation: 0.25,
        earlyStopping: false,
        optimizer: "adam",
      },
    );
    const general = train.parseConfig({ model: "m" });
    const classes = parseRecipe(train.recipeOf(general, { task: "classification", shape: [6], outputs: 5 }));
    assert.deepEqual(classes.layers.at(-1), { ...classes.layers.at(-1), units: 5, activation: "softmax" });
    assert.deepEqual(classes.training.earlyStopping, { patience: 20, minDelta: 0 });
  });

  it("output: clamps in both directions", () => {
    assert.equal(output.clampToRange(5, { low: 0, high: 1 }), 1);
    assert.equal(output.clampToRange(5, { low: 10, high: 0 }), 5);
    assert.equal(output.clampToRange(-5, { low: 10, high: 0 }), 0);
  });

  it("the editor and the store agree on what a name is", () => {
    const names = [
      "pot",
      "Pot 2 (new)",
      "größe",
      "a.b",
      "",
      ".a",
      "a.",
      " a",
      "a/b",
      "..",
      "a\\b",
      "x".repeat(101),
      "a\u0000",
    ];
    for (const name of names) {
      let accepted = true;
      try {
        assertName(name, "dataset");
      } catch {
        accepted = false;
      }
      assert.equal(isName(name), accepted, JSON.stringify(name));
    }
  });
});
