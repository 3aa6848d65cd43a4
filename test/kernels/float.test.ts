import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Heap } from "../../src/kernels/heap";
import { kernels } from "../../src/kernels/kernels";

/** How many float32 numbers lie between two, counted in steps of the last place. */
function ulps(a: number, b: number): number {
  const bits = new Int32Array(Float32Array.of(a, b).buffer);
  const ordered = Array.from(bits, (value) => (value < 0 ? -(value & 0x7fffffff) : value));
  return Math.abs(ordered[0] - ordered[1]);
}

const float = (min: number, max: number) => fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true });

/** Runs an elementwise kernel on some numbers. */
function apply(name: "tinyml_relu_float" | "tinyml_logistic_float" | "tinyml_tanh_float", values: number[]): number[] {
  const { call, heap } = kernels();
  const address = heap.allocate(4 * values.length);
  heap.float32.set(values, address / 4);
  call[name](address, address, values.length);
  const result = Array.from(heap.float32.subarray(address / 4, address / 4 + values.length));
  heap.release(address);
  return result;
}

describe("float kernels against Math in float64", () => {
  it("e^x within 2 units in the last place", () => {
    fc.assert(
      fc.property(float(-87, 88), (x) => {
        assert.ok(ulps(kernels().call.tinyml_exp(x), Math.fround(Math.exp(x))) <= 2, `e^${x}`);
      }),
      { numRuns: 2000 },
    );
  });

  it("ln x within 2 units in the last place", () => {
    fc.assert(
      fc.property(float(1.2e-38, 3.4e38), (x) => {
        const expected = Math.fround(Math.log(x));
        const found = kernels().call.tinyml_log(x);
        assert.ok(
          ulps(found, expected) <= 2 || Math.abs(found - expected) < 1e-9,
          `ln ${x}: ${found}, not ${expected}`,
        );
      }),
      { numRuns: 2000 },
    );
  });

  const edges = [
    { name: "e^0", found: () => kernels().call.tinyml_exp(0), expected: 1 },
    { name: "e^1000", found: () => kernels().call.tinyml_exp(1000), expected: Infinity },
    { name: "e^-1000", found: () => kernels().call.tinyml_exp(-1000), expected: 0 },
    { name: "e^NaN", found: () => kernels().call.tinyml_exp(NaN), expected: NaN },
    { name: "ln 1", found: () => kernels().call.tinyml_log(1), expected: 0 },
    { name: "ln 0", found: () => kernels().call.tinyml_log(0), expected: -Infinity },
    { name: "ln -1", found: () => kernels().call.tinyml_log(-1), expected: NaN },
    { name: "ln ∞", found: () => kernels().call.tinyml_log(Infinity), expected: Infinity },
  ];
  for (const { name, found, expected } of edges) it(`${name} is ${expected}`, () => assert.equal(found(), expected));

  it("logistic, tanh and relu within 1e-6", () => {
    fc.assert(
      fc.property(fc.array(float(-100, 100), { minLength: 1, maxLength: 20 }), (values) => {
        const close = (found: number[], expected: (x: number) => number): void =>
          found.forEach((value, i) => {
            assert.ok(Math.abs(value - expected(values[i])) <= 1e-6 * Math.max(1, Math.abs(values[i])), `${values[i]}`);
          });
        close(apply("tinyml_logistic_float", values), (x) => 1 / (1 + Math.exp(-x)));
        close(apply("tinyml_tanh_float", values), Math.tanh);
        close(apply("tinyml_relu_float", values), (x) => Math.max(0, x));
      }),
    );
  });

  it("keeps NaN visible in every activation", () => {
    for (const name of ["tinyml_relu_float", "tinyml_logistic_float", "tinyml_tanh_float"] as const) {
      assert.ok(Number.isNaN(apply(name, [NaN])[0]), name);
    }
  });
});

describe("the dense kernel in float", () => {
  it("is a matrix product with bias and activation, for all sizes", () => {
    const size = fc.integer({ min: 1, max: 21 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        fc.integer(),
        (batch, inputs, outputs, activation, withBias, seed) => {
          const { call, heap } = kernels();
          const values = (count: number, salt: number): Float32Array =>
            Float32Array.from({ length: count }, (_, i) => 3 * Math.sin(seed + salt + i * 1.7));
          const parts = [
            values(batch * inputs, 1),
            values(outputs * inputs, 2),
            values(outputs, 3),
            new Float32Array(batch * outputs),
          ];
          const [input, weights, bias, output] = parts.map((part) => {
            const address = heap.allocate(part.byteLength);
            heap.float32.set(part, address / 4);
            return address;
          });
          call.tinyml_dense_float(input, weights, withBias ? bias : 0, output, batch, inputs, outputs, activation);
          const clamp = [
            [-Infinity, Infinity],
            [0, Infinity],
            [-1, 1],
            [0, 6],
          ][activation];
          for (let b = 0; b < batch; b++) {
            for (let o = 0; o < outputs; o++) {
              let sum = withBias ? parts[2][o] : 0;
              for (let i = 0; i < inputs; i++) sum += parts[0][b * inputs + i] * parts[1][o * inputs + i];
              const expected = Math.min(clamp[1], Math.max(clamp[0], sum));
              assert.ok(Math.abs(heap.float32[output / 4 + b * outputs + o] - expected) < 1e-4);
            }
          }
          for (const address of [input, weights, bias, output]) heap.release(address);
        },
      ),
    );
  });
});

describe("the kernels' heap", () => {
  it("hands out zeroed blocks that do not overlap, and gets all of them back", () => {
    const size = fc.integer({ min: 0, max: 200_000 });
    fc.assert(
      fc.property(fc.array(fc.record({ bytes: size, release: fc.nat() }), { maxLength: 60 }), (steps) => {
        const memory = new WebAssembly.Memory({ initial: 1 });
        const heap = new Heap(memory, 1000);
        const blocks: { address: number; bytes: number }[] = [];
        for (const { bytes, release } of steps) {
          const address = heap.allocate(bytes);
          assert.equal(address % 16, 0);
          for (const other of blocks) {
            assert.ok(address + bytes <= other.address || other.address + other.bytes <= address, "blocks overlap");
          }
          assert.ok(heap.int8.subarray(address, address + bytes).every((value) => value === 0));
          heap.int8.fill(1, address, address + bytes);
          blocks.push({ address, bytes });
          if (release % 2 === 1) heap.release(blocks.splice(release % blocks.length, 1)[0].address);
        }
        for (const { address } of blocks) heap.release(address);
        assert.equal(heap.usedBytes, 0);
        const pages = memory.buffer.byteLength;
        heap.release(heap.allocate(pages - 1100));
        assert.equal(memory.buffer.byteLength, pages, "all free memory is one block again");
      }),
      { numRuns: 50 },
    );
  });

  it("refuses to release what it did not hand out", () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 1 }), 0);
    const address = heap.allocate(10);
    heap.release(address);
    assert.throws(() => heap.release(address), { code: "TINYML_INTERNAL" });
  });

  it("says so when the memory is used up", () => {
    const heap = new Heap(new WebAssembly.Memory({ initial: 1, maximum: 2 }), 0);
    assert.throws(() => heap.allocate(1e6), { code: "TINYML_OUT_OF_MEMORY" });
    heap.release(heap.allocate(1000));
  });
});
