import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import * as v from "valibot";
import { packagePath } from "../../build/package-files";
import { parseConfig, readLayers, recipeOf } from "../../nodes/train/config";
import { faultOfValue, textOfValue, valueOfText } from "../../nodes/train/field-text";
import { fieldsOf, isLayerType, type LayerField, layerFields, layerGroups } from "../../nodes/train/layer-fields";
import catalogue from "../../nodes/train/locale.json";
import { fieldsOfRecipe, presets } from "../../nodes/train/presets";
import { TinymlError } from "../../src/errors";
import { parseLayer, parseRecipe } from "../../src/training/recipe";
import { layerSchema } from "../../src/training/recipe-layers";

const textOf = (group: object, key: string): unknown => Object.entries(group).find(([name]) => name === key)?.[1];

/** Values of a setting that are right and others that are wrong, at the limits that the table gives. */
function samplesOf({ kind }: LayerField): { right: readonly unknown[]; wrong: readonly unknown[] } {
  switch (kind.type) {
    case "whole": {
      const limited = Number.isFinite(kind.minimum);
      return {
        right: limited ? [kind.minimum, kind.maximum] : [-1, 0, 1],
        wrong: [1.5, "many", ...(limited ? [kind.minimum - 1, kind.maximum + 1] : [])],
      };
    }
    case "sizes": {
      const { minimum, counts } = kind;
      const four = counts.includes(4)
        ? [
            [
              [1, 2],
              [3, 4],
            ],
          ]
        : [];
      return { right: [minimum, [3, 5], ...four], wrong: [minimum - 1, [1, 2, 3], "wide"] };
    }
    case "shape":
      return { right: [[1], [28, 28, 1]], wrong: [[0], [], 3] };
    case "number": {
      const { minimum, below, above } = kind;
      return {
        right: [minimum ?? (above ?? 0) + 0.5, 0.25],
        wrong: ["much", ...(below === undefined ? [] : [below]), above ?? (minimum ?? 0) - 0.5],
      };
    }
    case "choice":
      return { right: kind.choices, wrong: ["other"] };
    case "flag":
      return { right: [true, false], wrong: ["maybe"] };
    case "text":
      return { right: ["first"], wrong: [1] };
    case "names":
      return { right: [["input"], ["one", "two"]], wrong: [[], [1]] };
    case "regularizer":
      return { right: [{ l1: 0.1 }, { l2: 0.01 }], wrong: [{ l3: 1 }, { l1: -1 }, 1] };
  }
}

describe("training dialog: the table of layers", () => {
  for (const { entries } of layerSchema.options) {
    const type = entries.type.pipe[0].literal;
    const start = Object.fromEntries(fieldsOf(type).map((field) => [field.name, field.start]));
    const least = { ...Object.fromEntries(Object.entries(start).filter(([, value]) => value !== undefined)), type };

    it(`${type}: has every setting of recipes and no other, with its default`, () => {
      const wanted = Object.keys(entries).filter((name) => name !== "type");
      assert.deepEqual(
        fieldsOf(type)
          .map(({ name }) => name)
          .sort(),
        wanted.sort(),
      );
      const defaults = fieldsOf(type).flatMap((field) =>
        field.default === undefined ? [] : [[field.name, field.default]],
      );
      assert.deepEqual(parseLayer(least), { ...Object.fromEntries(defaults), ...least });
      for (const name of Object.keys(least)) {
        const others = Object.fromEntries(Object.entries(least).filter(([key]) => key !== name));
        assert.equal(typeof parseLayer(others), "string", `${name} must be there`);
      }
    });

    it(`${type}: takes and refuses the same values as recipes, and shows each so that it can be read again`, () => {
      for (const field of fieldsOf(type)) {
        const { right, wrong } = samplesOf(field);
        for (const value of right) {
          const where = `${field.name} = ${JSON.stringify(value)}`;
          assert.equal(typeof parseLayer({ ...least, [field.name]: value }), "object", where);
          assert.equal(faultOfValue(field, value), undefined, where);
          if (field.kind.type === "regularizer") continue;
          assert.deepEqual(valueOfText(field, textOfValue(value)), value, where);
        }
        for (const value of wrong) {
          const where = `${field.name} = ${JSON.stringify(value)}`;
          assert.equal(typeof parseLayer({ ...least, [field.name]: value }), "string", where);
          assert.notEqual(faultOfValue(field, value), undefined, where);
        }
      }
    });

    it(`${type}: is in one group, and is described as in recipes`, () => {
      assert.equal(layerGroups.flatMap(([, types]) => types).filter((other) => other === type).length, 1);
      assert.equal(textOf(catalogue.layer.about, type), v.getDescription(entries.type));
      for (const { name } of fieldsOf(type)) assert.ok(textOf(catalogue.layer.setting, name), name);
    });
  }

  it("has no other types", () => {
    const types = layerSchema.options.map(({ entries }) => entries.type.pipe[0].literal);
    assert.deepEqual(Object.keys(layerFields).sort(), [...types].sort());
    for (const type of ["constructor", "Dense", undefined, 1]) assert.equal(isLayerType(type), false);
  });
});

describe("training dialog: stored layers", () => {
  it("of older flows have no type: they are dense", () => {
    assert.deepEqual(readLayers([{ units: "12", activation: "tanh" }, { units: 3 }, {}]), [
      { type: "dense", units: 12, activation: "tanh" },
      { type: "dense", units: 3, activation: "relu" },
      { type: "dense", units: 8, activation: "relu" },
    ]);
  });

  it("that are wrong are told with the layer and what it must be", () => {
    const cases: [layer: object, message: RegExp][] = [
      [{ type: "conv3d" }, /Layer 2 has an unknown type/],
      [{ type: "conv2d", filters: 4 }, /Layer 2 \(conv2d\): kernelSize is missing/],
      [{ type: "dropout", rate: 1 }, /Layer 2 \(dropout\): rate must be a number from 0 to less than 1/],
      [{ type: "flatten", units: 3 }, /Layer 2 \(flatten\) has no setting "units"/],
      [{ type: "maxPooling2d", poolSize: "wide" }, /poolSize must be a whole number from 1 up, or 2 of them/],
    ];
    for (const [layer, message] of cases) {
      assert.throws(
        () => readLayers([{ units: 1 }, layer]),
        (error) =>
          error instanceof TinymlError && error.code === "TINYML_CONFIG_INVALID" && message.test(error.message),
        JSON.stringify(layer),
      );
    }
  });
});

describe("training dialog: recipes", () => {
  it("each shipped recipe fills the fields so that they describe the very same recipe", async () => {
    const folder = packagePath("examples", "recipes");
    for (const file of await readdir(folder)) {
      const { $schema: _schema, ...recipe } = JSON.parse(
        await readFile(packagePath("examples", "recipes", file), "utf8"),
      );
      const outputs: number = recipe.layers.at(-1).units;
      const config = parseConfig({ model: "m", ...fieldsOfRecipe(recipe) });
      const described = recipeOf(config, { task: recipe.task, shape: recipe.input.shape, outputs });
      assert.deepEqual(parseRecipe(described), parseRecipe(recipe), file);
    }
  });

  it("every preset has its name in the catalogue", () => {
    for (const name of Object.keys(presets)) assert.ok(textOf(catalogue.preset, name), name);
  });

  const training = (settings: object) =>
    parseRecipe(recipeOf(parseConfig({ model: "m", ...settings }), { task: "classification", shape: [2], outputs: 2 }))
      .training;

  it("further settings are merged into the training, over what the fields say", () => {
    const further = (value: object) => training({ further: JSON.stringify(value) });
    assert.equal(further({ labelSmoothing: 0.1 }).labelSmoothing, 0.1);
    assert.equal(further({ epochs: 7 }).epochs, 7);
    assert.deepEqual(further({ optimizer: { beta1: 0.8 } }).optimizer, { ...training({}).optimizer, beta1: 0.8 });
    assert.equal(further({ optimizer: { type: "sgd" } }).optimizer.learningRate, 0.01);
    assert.deepEqual(further({ schedule: { type: "step", epochs: 5 } }).schedule, {
      type: "step",
      epochs: 5,
      factor: 0.5,
    });
    assert.deepEqual(further({ earlyStopping: { minDelta: 0.5 } }).earlyStopping, { patience: 20, minDelta: 0.5 });
    for (const text of ["[1]", "{", "3", "null"]) assert.throws(() => training({ further: text }), /no JSON object/);
  });

  it("the momentum goes to the optimizers that have one, balanced weights to classification", () => {
    for (const optimizer of ["adam", "adamw", "rmsprop", "sgd"]) {
      const { optimizer: made } = training({ optimizer, momentum: 0.9 });
      assert.equal(
        "momentum" in made ? made.momentum : undefined,
        ["rmsprop", "sgd"].includes(optimizer) ? 0.9 : undefined,
      );
    }
    assert.equal(training({ balanced: true }).classWeights, "balanced");
    const regression = recipeOf(parseConfig({ model: "m", balanced: true }), {
      task: "regression",
      shape: [1],
      outputs: 1,
    });
    assert.equal(parseRecipe(regression).training.classWeights, undefined);
  });

  it("a loss for probabilities of their own gets a sigmoid at the end", () => {
    const config = parseConfig({ model: "m", further: '{"loss": "binaryCrossentropy"}' });
    const { layers } = parseRecipe(recipeOf(config, { task: "classification", shape: [2], outputs: 2 }));
    assert.equal(layers.map((layer) => "activation" in layer && layer.activation).at(-1), "sigmoid");
  });
});
