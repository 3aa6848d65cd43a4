import assert from "node:assert/strict";
import fc from "fast-check";
import { planMemory } from "../../src/model/memory-plan";
import { elementCount } from "../../src/model/tensor";
import { type RandomLayer, randomNetwork } from "../support/models";
import { pictureNetwork } from "../tflite/models";

describe("memory plan", () => {
  it("takes the largest pair of neighbouring layers, no more", () => {
    const model = randomNetwork({ inputs: 1, layers: [{ units: 8 }, { units: 16 }, { units: 1 }] });
    assert.equal(planMemory(model, 1).bytes / 4, 8 + 16);
  });

  it("lets activations work in place", () => {
    const layers: RandomLayer[] = [
      { units: 8, activation: "TANH" },
      { units: 4, activation: "SOFTMAX" },
    ];
    assert.equal(planMemory(randomNetwork({ inputs: 2, layers }), 1).bytes / 4, 8 + 4);
  });

  it("gives a new shape the memory of the old one", () => {
    const model = pictureNetwork(true);
    const { offsets, bytes } = planMemory(model, 1);
    const [average, reshaped] = ["average", "reshaped"].map((name) =>
      model.tensors.findIndex((tensor) => tensor.name === name),
    );
    assert.equal(offsets.get(reshaped), offsets.get(average));
    // the two largest neighbours: 6 × 6 × 3 and 4 × 4 × 6
    assert.equal(bytes, 108 + 96);
  });

  it("keeps an output that a later operator reads", () => {
    const network = randomNetwork({ inputs: 2, layers: [{ units: 3, activation: "TANH" }] });
    const [dense, tanh] = network.operators;
    const both = { ...network, outputs: [dense.outputs[0], tanh.outputs[0]] };
    const { offsets } = planMemory(both, 1);
    assert.notEqual(offsets.get(dense.outputs[0]), offsets.get(tanh.outputs[0]));
  });

  it("never gives the same element to two tensors that are needed at once", () => {
    const layer = fc.record({
      units: fc.integer({ min: 1, max: 40 }),
      activation: fc.constantFrom<NonNullable<RandomLayer["activation"]>>(
        "NONE",
        "RELU",
        "TANH",
        "SOFTMAX",
        "RELU_OPERATOR",
      ),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(layer, { minLength: 1, maxLength: 6 }),
        (inputs, layers) => {
          const model = randomNetwork({ inputs, layers });
          const { bytes, offsets } = planMemory(model, 4);
          // Whoever owns an element when it is read must be whoever was last to write it.
          const owners = new Array<number>(bytes / 4).fill(-1);
          const own = (tensor: number): number[] => {
            const from = (offsets.get(tensor) ?? Number.NaN) / 4;
            return owners.slice(from, from + elementCount(model.tensors[tensor].shape));
          };
          const write = (tensor: number): void => {
            const from = (offsets.get(tensor) ?? Number.NaN) / 4;
            owners.fill(tensor, from, from + elementCount(model.tensors[tensor].shape));
          };
          for (const input of model.inputs) write(input);
          for (const { type, inputs: read, outputs } of model.operators) {
            assert.ok(own(read[0]).every((owner) => owner === read[0]));
            write(outputs[0]);
            // A dense layer reads its input until the last output is written.
            if (type === "FULLY_CONNECTED") assert.ok(own(read[0]).every((owner) => owner === read[0]));
          }
          assert.ok(own(model.outputs[0]).every((owner) => owner === model.outputs[0]));
        },
      ),
    );
  });
});
