import assert from "node:assert/strict";
import type { Metadata } from "../../src/model/metadata";
import type { Model } from "../../src/model/model";
import { knownAnswer } from "../../src/runtime/known-answer";
import type { SketchOptions } from "../../src/sketch/sketch";
import { quantizeRandomly, type RandomNetwork, randomNetwork } from "../support/models";
import { sketchOf } from "../support/sketches";
import { pictureNetwork } from "../tflite/models";

const regression: RandomNetwork = {
  inputs: 1,
  layers: [{ units: 8, activation: "RELU" }, { units: 1 }],
  name: "Pot to LED",
};
const classification: RandomNetwork = {
  inputs: 2,
  layers: [
    { units: 8, activation: "TANH" },
    { units: 3, activation: "SOFTMAX" },
  ],
  labels: ["still", "wave", "punch"],
};

function withMetadata(model: Model, changes: Partial<Metadata>): Model {
  assert.ok(model.metadata);
  return { ...model, metadata: { ...model.metadata, ...changes } };
}

describe("Arduino sketch", () => {
  it("is a folder whose .ino has its name, with the model, the kernels that it calls and nothing else", () => {
    const sketch = sketchOf(quantizeRandomly(randomNetwork(regression)), { name: "Pot to LED" });
    assert.equal(sketch.name, "Pot_to_LED");
    assert.deepEqual(Object.keys(sketch.files).sort(), [
      "Pot_to_LED.ino",
      "int8_dense.c",
      "int8_dot.h",
      "int8_fixed_point.h",
      "quantize.c",
      "tinyml_kernels.h",
      "tinyml_model.c",
      "tinyml_model.h",
      "tinyml_platform.h",
    ]);
  });

  const kernelFiles: [what: string, model: Model, files: string[]][] = [
    ["float", randomNetwork(regression), ["float_dense.c"]],
    ["float with an exponential", randomNetwork(classification), ["float_activation.c", "float_dense.c", "math.c"]],
    ["int8", quantizeRandomly(randomNetwork(classification)), ["int8_activation.c", "int8_dense.c", "quantize.c"]],
    ["features", randomNetwork({ ...regression, normalize: true }), ["float_dense.c", "normalize.c"]],
  ];
  for (const [what, model, files] of kernelFiles) {
    it(`of a model with ${what} takes ${files.join(", ")}`, () => {
      const names = Object.keys(sketchOf(model).files).filter(
        (name) => name.endsWith(".c") && name !== "tinyml_model.c",
      );
      assert.deepEqual(names.sort(), files);
    });
  }

  it("includes no library", () => {
    for (const text of Object.values(sketchOf(quantizeRandomly(randomNetwork(classification))).files)) {
      for (const [, header] of text.matchAll(/#include <([^>]+)>/g)) {
        assert.ok(["stddef.h", "stdint.h", "avr/pgmspace.h", "wasm_simd128.h"].includes(header), header);
      }
    }
  });

  it("gives generated names a prefix that Arduino's headers don't use", () => {
    const files = sketchOf(quantizeRandomly(randomNetwork(classification))).files;
    const code = `${files["tinyml_model.c"]}${files["random_int8.ino"] ?? files["random.ino"] ?? ""}`;
    const names = [...code.matchAll(/^(?:static )?(?:const )?(?:\w+ )+\*?(\w+)(?:\[|\()/gm)].map((match) => match[1]);
    assert.ok(names.length > 4);
    for (const name of names) assert.match(name, /^(tinyml_\w+|setup|loop)$/);
  });

  it("states the arena exactly", () => {
    const { files } = sketchOf(quantizeRandomly(randomNetwork(regression)));
    assert.match(files["tinyml_model.h"], /#define TINYML_MODEL_ARENA_BYTES 9$/m);
  });

  it("reads each channel from a pin of its own", () => {
    const sketch = sketchOf(randomNetwork({ ...classification, inputs: 6 }));
    const ino = sketch.files[`${sketch.name}.ino`];
    for (let pin = 0; pin < 6; pin++) assert.ok(ino.includes(`tinyml_read_pin(A${pin})`));
  });

  it("lights the LED for the label that is asked for, the first one unless told", () => {
    const model = randomNetwork(classification);
    const led = (options: Partial<SketchOptions>): string | undefined =>
      /TINYML_LED_CLASS (\d)/.exec(sketchOf(model, options).files["random.ino"])?.[1];
    assert.equal(led({}), "0");
    assert.equal(led({ ledLabel: "punch" }), "2");
    assert.throws(() => led({ ledLabel: "kick" }), { code: "TINYML_UNKNOWN_LABEL", message: /still, wave, punch/ });
  });

  const refusals: [what: string, model: () => Model, code: string, message: RegExp][] = [
    [
      "a channel without a range",
      () => randomNetwork({ ...regression, inputRange: null }),
      "TINYML_NO_SCALING",
      /"channel 0" has no range.*Set its range in the dataset.*or export with the template stdio/s,
    ],
    [
      "a channel whose range is a point",
      () => randomNetwork({ ...regression, inputRange: [2, 2] }),
      "TINYML_NO_SCALING",
      /no range/,
    ],
    [
      "a model without our metadata",
      () => {
        const { metadata: _, ...model } = randomNetwork(regression);
        return model;
      },
      "TINYML_NO_SCALING",
      /from another tool/,
    ],
    [
      "an operator whose size on boards is not known",
      () => pictureNetwork(true),
      "TINYML_NOT_FOR_BOARDS",
      /operator 1 is CONV_2D, whose size on boards has not been measured\. Export it with the template stdio/,
    ],
    [
      "more channels than analog pins",
      () => randomNetwork({ ...regression, inputs: 7 }),
      "TINYML_NOT_FOR_BOARDS",
      /7 analog pins.*has 6/,
    ],
    [
      "weights that don't fit into flash",
      () => randomNetwork({ ...regression, layers: [{ units: 200 }, { units: 50 }, { units: 1 }] }),
      "TINYML_DOES_NOT_FIT",
      /\d{5} of 32256 bytes of flash.*Quantize/s,
    ],
    [
      "computed numbers that don't fit into RAM",
      () => randomNetwork({ ...regression, layers: [{ units: 500 }, { units: 1 }] }),
      "TINYML_DOES_NOT_FIT",
      /\d{4} of 1664 bytes of RAM/,
    ],
    [
      "a weight that is no number",
      () => {
        const model = randomNetwork(regression);
        const tensors = model.tensors.map((tensor) =>
          tensor.data instanceof Float32Array
            ? { ...tensor, data: new Float32Array(tensor.data.length).fill(Number.NaN) }
            : tensor,
        );
        return { ...model, tensors };
      },
      "TINYML_MODEL_INVALID",
      /NaN/,
    ],
  ];
  for (const [what, model, code, message] of refusals) {
    it(`refuses ${what}`, () => assert.throws(() => sketchOf(model()), { code, message }));
  }

  it("the template stdio refuses none for its size", () => {
    const big = randomNetwork({
      ...regression,
      layers: [{ units: 500 }, { units: 50 }, { units: 1 }],
      inputRange: null,
    });
    const sketch = sketchOf(big, { template: "stdio" });
    assert.equal(sketch.estimate, undefined);
    assert.ok(sketch.files["main.c"]);
  });

  it("refuses what is far too large before it writes it", () => {
    const model = randomNetwork({ ...regression, layers: [{ units: 2048 }, { units: 1024 }, { units: 1 }] });
    const begin = performance.now();
    assert.throws(() => sketchOf(model), { code: "TINYML_DOES_NOT_FIT" });
    const refused = performance.now() - begin;
    assert.ok(refused < 500, `${refused} ms`);
  });

  it("a label holds no character that would end it or its line, so that each keeps its number", () => {
    const model = randomNetwork({ ...classification, labels: ["a\0b", "c\n", "d"] });
    const { files } = sketchOf(model);
    assert.match(files["random.ino"], /"a\\\?b\\000"\n *"c\\\?\\000"\n *"d\\000";/);
  });

  it("has a known answer for up to 1,024 elements, and no self-test beyond", () => {
    const known = (inputs: number) => knownAnswer(randomNetwork({ inputs, layers: [{ units: 1 }] }));
    assert.equal(known(1024)?.input.length, 1024);
    assert.equal(known(1025), undefined);
    assert.equal(knownAnswer(randomNetwork({ inputs: 1, layers: [{ units: 1025 }] })), undefined);
    assert.doesNotMatch(
      sketchOf(randomNetwork(regression), { knownAnswer: undefined }).files["Pot_to_LED.ino"],
      /self/,
    );
  });

  it("no name of the user's gets into the code as code", () => {
    const nasty = 'x"); evil(); /* */ ??/\n\\\n#define F 1\n\u202e';
    const model = withMetadata(randomNetwork({ ...regression, targetRange: null }), {
      name: nasty,
      inputs: [{ name: nasty, unit: nasty, range: [0, 1] }],
      targets: [{ name: nasty, unit: nasty }],
    });
    const { files } = sketchOf({ ...model, description: nasty });
    for (const text of Object.values(files)) {
      const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/"(\\.|[^"\\\n])*"/g, '""');
      assert.doesNotMatch(code, /evil|define F/);
      assert.doesNotMatch(text, /\u202e|\?\?\//);
    }
  });
});
