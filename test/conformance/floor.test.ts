import assert from "node:assert/strict";
import * as fc from "fast-check";
import { runInFlow } from "../support/run-model";
import { Graph } from "../tflite/models";

/* FLOOR_DIV and FLOOR_MOD against the division of doubles, where float32 would round a quotient up to a whole number. */

const anyFloat = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  // multiples of numbers that no float is: 0.7 / 0.1 is just below 7
  fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(0.1, 0.3, 0.7, 1e-3, 3)).map(([n, by]) => n * by),
);
const anyDivisor = anyFloat.filter((value) => Math.abs(Math.fround(value)) > 0);

describe("division down to whole numbers", () => {
  it("is that of real numbers, as long as float32 has every whole number", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyFloat, anyDivisor), { minLength: 1, maxLength: 50 }), (pairs) => {
        const a = Float32Array.from(pairs, ([value]) => value);
        const b = Float32Array.from(pairs, ([, divisor]) => divisor);
        const quotients = run("FLOOR_DIV", a, b);
        const rests = run("FLOOR_MOD", a, b);
        a.forEach((x, i) => {
          const quotient = x / b[i];
          const rest = x % b[i];
          if (Math.abs(quotient) < 2 ** 21) assert.equal(quotients[i] + 0, Math.floor(quotient) + 0, `${x} / ${b[i]}`);
          const expected = rest !== 0 && rest < 0 !== b[i] < 0 ? rest + b[i] : rest;
          assert.equal(rests[i] + 0, Math.fround(expected) + 0, `${x} mod ${b[i]}`);
        });
      }),
      { numRuns: 500 },
    );
  });

  it("goes on where there is nothing to divide by", () => {
    const [zero, one] = [Int32Array.of(0, 0, 0), Int32Array.of(-(2 ** 31), -1, 7)];
    assert.deepEqual([...run("FLOOR_DIV", one, zero)], [0, 0, 0]);
    assert.deepEqual([...run("FLOOR_MOD", one, zero)], [0, 0, 0]);
    assert.deepEqual([...run("FLOOR_DIV", one, Int32Array.of(-1, -1, -1))], [-(2 ** 31), 1, -7]);
  });
});

function run<Numbers extends Float32Array | Int32Array>(type: "FLOOR_DIV" | "FLOOR_MOD", a: Numbers, b: Numbers) {
  const graph = new Graph();
  const element = a instanceof Float32Array ? "float32" : "int32";
  const [first, second, output] = ["a", "b", "c"].map((name) =>
    graph.tensor({ name, type: element, shape: [a.length] }),
  );
  graph.operator({ type, inputs: [first, second], outputs: [output], options: {} });
  const [found] = runInFlow(graph.model([first, second], [output]), [a, b]);
  return Array.from(found, Number);
}
