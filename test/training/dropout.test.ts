import assert from "node:assert/strict";
import * as fc from "fast-check";
import { kernels } from "../../src/kernels/kernels";

const { call, heap } = kernels();

/** A mask of dropout: what ones become. */
function mask(at: {
  samples?: number;
  count?: number;
  channels?: number;
  rate?: number;
  seed?: number;
  step?: number;
  first?: number;
  layer?: number;
}): number[] {
  const { samples = 1, count = 4, channels = count, rate = 0.5, seed = 1, step = 0, first = 0, layer = 0 } = at;
  const input = heap.allocate(4 * samples * count);
  const output = heap.allocate(4 * samples * count);
  heap.float32.fill(1, input / 4, input / 4 + samples * count);
  call.tinyml_dropout(input, output, samples, count, channels, rate, seed, step, first, layer);
  const found = Array.from(heap.float32.subarray(output / 4, output / 4 + samples * count));
  heap.release(output);
  heap.release(input);
  return found;
}

describe("dropout", () => {
  // the known answers that the generator's authors publish
  for (const { counter, key, numbers } of [
    { counter: [0, 0, 0, 0], key: [0, 0], numbers: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    { counter: [-1, -1, -1, -1], key: [-1, -1], numbers: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      numbers: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ]) {
    it(`draws as Philox4x32-10 does, from ${counter} and ${key}`, () => {
      const address = heap.allocate(4 * 10);
      heap.int32.set([...counter, ...key], address / 4);
      call.tinyml_philox(address, address + 16, address + 24);
      assert.deepEqual(
        Array.from(heap.int32.subarray(address / 4 + 6, address / 4 + 10), (number) => number >>> 0),
        numbers,
      );
      heap.release(address);
    });
  }

  it("leaves out the share that it is told, and makes the others larger by as much", () => {
    for (const rate of [0.1, 0.25, 0.5, 0.9]) {
      const found = mask({ samples: 10, count: 2000, rate });
      const out = found.filter((value) => value === 0).length / found.length;
      assert.ok(Math.abs(out - rate) < 0.02, `${out}, not ${rate}`);
      assert.ok(found.every((value) => value === 0 || Math.abs(value - 1 / (1 - rate)) < 1e-5));
    }
  });

  it("spatial: leaves out whole channels", () => {
    const channels = 6;
    const found = mask({ samples: 50, count: 5 * channels, channels });
    found.forEach((value, i) => {
      const sample = Math.floor(i / (5 * channels));
      assert.equal(value, found[sample * 5 * channels + (i % channels)]);
    });
    assert.deepEqual(new Set(found), new Set([0, 2]));
  });

  it("depends on seed, step, the sample's number in the batch and the layer, and on nothing else", () => {
    const where = fc.record({
      seed: fc.nat(),
      step: fc.nat(1e6),
      layer: fc.nat(100),
      count: fc.integer({ min: 1, max: 20 }),
      rate: fc.constantFrom(0.2, 0.5),
    });
    fc.assert(
      fc.property(where, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), (at, one, other) => {
        const whole = mask({ ...at, samples: one + other });
        const parts = [...mask({ ...at, samples: one }), ...mask({ ...at, samples: other, first: one })];
        assert.deepEqual(whole, parts);
      }),
    );
    const masks = [{}, { seed: 2 }, { step: 1 }, { first: 1 }, { layer: 1 }].map((at) =>
      mask({ ...at, count: 64 }).join(),
    );
    assert.equal(new Set(masks).size, masks.length);
  });
});
