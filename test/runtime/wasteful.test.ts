import assert from "node:assert/strict";
import { Heap } from "../../src/kernels/heap";
import { kernels } from "../../src/kernels/kernels";
import type { Model } from "../../src/model/model";
import { placeModel } from "../../src/runtime/place-model";
import { prepareModel } from "../../src/runtime/prepare-model";
import { Graph, quantized } from "../tflite/models";

/* Small files that ask for a lot: what is shared is prepared once, or refused before it takes minutes. */

/** Dense int8 layers, one behind the other, with the same weights or with equal ones of their own. */
function layers(count: number, width: number, shared: boolean): Model {
  const graph = new Graph();
  const tensor = (name: string) =>
    graph.tensor({ name, type: "int8", shape: [1, width], quantization: quantized(0.5, 3) });
  const weights = () => {
    const data = Int8Array.from({ length: width ** 2 }, (_, i) => i);
    return graph.tensor({ name: "w", type: "int8", shape: [width, width], data, quantization: quantized(0.01, 0) });
  };
  const one = weights();
  const input = tensor("input");
  let from = input;
  for (let i = 0; i < count; i++) {
    const to = tensor(`${i}`);
    const inputs = [from, shared ? one : weights(), -1];
    graph.operator({ type: "FULLY_CONNECTED", inputs, outputs: [to], options: { activation: "NONE" } });
    from = to;
  }
  return graph.model([input], [from]);
}

describe("layers that share their weights", () => {
  it("share what is laid out for the host's kernels", () => {
    /** What the blocks of a placed model take, those aside that are given back at once. */
    const taken = (model: Model): number => {
      const { heap } = kernels();
      const { allocate, release } = heap;
      const blocks = new Map<number, number>();
      heap.allocate = (bytes) => {
        const address = allocate.call(heap, bytes);
        blocks.set(address, bytes);
        return address;
      };
      heap.release = (address) => {
        blocks.delete(address);
        release.call(heap, address);
      };
      try {
        const placed = placeModel(model);
        const bytes = [...blocks.values()].reduce((sum, size) => sum + size, 0);
        placed.dispose();
        return bytes;
      } finally {
        Object.assign(heap, { allocate, release });
      }
    };
    assert.ok(taken(layers(50, 64, true)) < taken(layers(50, 64, false)) / 10);
  });

  it("are refused where preparing them all would take too long", () => {
    const [few, many] = [60, 90].map((count) => layers(count, 1024, true));
    assert.equal(prepareModel(few).operators.length, 60);
    assert.throws(() => prepareModel(many), {
      code: "TINYML_MODEL_UNSUPPORTED",
      message: /share weights so often that the first 69 of them \(up to a FULLY_CONNECTED\) have 69 MB, where 68 MB/,
    });
  });
});

describe("constants that are computed at load", () => {
  it("stay operators where more must be read for them than the model has", () => {
    const graph = new Graph();
    const constant = (name: string, ...values: number[]) =>
      graph.tensor({ name, type: "int32", shape: [values.length], data: Int32Array.from(values) });
    const table = graph.tensor({ name: "table", type: "float32", shape: [2 ** 20], data: new Float32Array(2 ** 20) });
    const [begin, size] = [constant("begin", 7), constant("size", 1)];
    const outputs = Array.from({ length: 20 }, (_, i) => {
      const output = graph.tensor({ name: `${i}`, type: "float32", shape: [1] });
      graph.operator({ type: "SLICE", inputs: [table, begin, size], outputs: [output], options: {} });
      return output;
    });
    // each reads 4 MB and 8 bytes; all may read 16 MB, and four times what the model has
    assert.equal(prepareModel(graph.model([], outputs)).operators.length, 20 - 7);
  });
});

describe("the kernels' memory", () => {
  it("grows in steps that grow with it", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { grow } = memory;
    let growths = 0;
    memory.grow = (pages) => {
      growths++;
      return grow.call(memory, pages);
    };
    const heap = new Heap(memory, 1024);
    const blocks = Array.from({ length: 5000 }, () => heap.allocate(4096));
    assert.ok(growths < 60, `it grew ${growths} times`);
    assert.ok(memory.buffer.byteLength < 5000 * 4096 * 1.25);
    for (const address of blocks) heap.release(address);
    assert.equal(heap.usedBytes, 0);
  });
});
