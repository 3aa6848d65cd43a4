import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { findPrincipalComponents } from "../../../src/dataset/explore/principal-components";
import { createRandom, normal } from "../../../src/dataset/random";
import { temporaryFolder } from "../../support/folders";

const oneChannel = [{ name: "value", unit: "" }];

/** Rows whose variances fall off by `decay` from one hidden direction to the next. */
function randomRows(seed: number, rows: number, width: number, decay: number): Float32Array {
  const random = createRandom(seed);
  const mixing = Array.from({ length: width }, () => Float64Array.from({ length: width }, () => normal(random)));
  const inputs = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let hidden = 0; hidden < width; hidden++) {
      const strength = normal(random) * decay ** hidden;
      for (let j = 0; j < width; j++) inputs[row * width + j] += strength * mixing[hidden][j];
    }
  }
  return inputs;
}

/** The rows about their mean, each channel of variance 1, as columns: inputs[column][row]. */
function scaledColumns(inputs: Float32Array, rows: number, width: number, channels: number): number[][] {
  const columns = Array.from({ length: width }, (_, j) => {
    const column = Array.from({ length: rows }, (__, row) => inputs[row * width + j]);
    const mean = column.reduce((a, b) => a + b, 0) / rows;
    return column.map((value) => value - mean);
  });
  return columns.map((column, j) => {
    const alike = columns.filter((_, other) => other % channels === j % channels);
    const variance = alike.flat().reduce((sum, value) => sum + value * value, 0) / (rows * alike.length);
    return column.map((value) => (variance > 0 ? value / Math.sqrt(variance) : 0));
  });
}

/** The singular value decomposition by one-sided rotations (M. Hestenes): the variances, and the directions they belong to; largest first. */
function decompose(columns: number[][], rows: number): { variance: number; direction: number[] }[] {
  const work = columns.map((column) => [...column]);
  const turned = work.map((_, i) => work.map((__, j) => (i === j ? 1 : 0)));
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, i) => sum + value * b[i], 0);
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < work.length; p++) {
      for (let q = p + 1; q < work.length; q++) {
        const [alpha, beta, gamma] = [dot(work[p], work[p]), dot(work[q], work[q]), dot(work[p], work[q])];
        if (Math.abs(gamma) <= 1e-14 * Math.sqrt(alpha * beta)) continue;
        const zeta = (beta - alpha) / (2 * gamma);
        const tangent = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        for (const pair of [work, turned]) {
          const before = pair[p];
          pair[p] = before.map((value, i) => cosine * (value - tangent * pair[q][i]));
          pair[q] = pair[q].map((value, i) => cosine * (value + tangent * before[i]));
        }
      }
    }
  }
  return work
    .map((column, i) => ({ variance: dot(column, column) / rows, direction: turned[i] }))
    .sort((a, b) => b.variance - a.variance);
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

describe("dataset: principal components", () => {
  it("agree with a singular value decomposition, whatever the table", () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer(),
          rows: fc.integer({ min: 2, max: 60 }),
          readings: fc.integer({ min: 1, max: 7 }),
          channels: fc.integer({ min: 1, max: 3 }),
          decay: fc.double({ min: 0.3, max: 0.8, noNaN: true }),
        }),
        ({ seed, rows, readings, channels, decay }) => {
          const width = readings * channels;
          const inputs = randomRows(seed, rows, width, decay);
          const names = Array.from({ length: channels }, (_, i) => ({ name: `c${i}`, unit: "" }));
          const table = { inputs, rows, shape: [readings, channels], channels: names };
          const { points, axes, variances, total } = findPrincipalComponents(table);
          const known = decompose(scaledColumns(inputs, rows, width, channels), rows);
          const all = known.reduce((sum, { variance }) => sum + variance, 0);
          assert.ok(Math.abs(total - all) < 1e-6 * all, `${total} in all, not ${all}`);
          for (const axis of [0, 1] as const) {
            const expected = known[axis]?.variance ?? 0;
            assert.ok(
              Math.abs(variances[axis] - expected) < 1e-4 * all,
              `${axis}: ${variances[axis]}, not ${expected}`,
            );
            // Where two variances are nearly the same, any direction between theirs is as good.
            const gaps = known.flatMap(({ variance }, i) => (i === axis ? [] : [Math.abs(variance - expected)]));
            if (known[axis] === undefined || Math.min(...gaps, all) < 0.1 * all) continue;
            assert.ok(Math.abs(dot(axes[axis], known[axis]?.direction ?? [])) > 0.999, `the direction ${axis}`);
          }
          assert.ok(width === 1 || Math.abs(dot(axes[0], axes[1])) < 1e-9, "they are perpendicular");
          const columns = scaledColumns(inputs, rows, width, channels);
          for (let row = 0; row < rows; row++) {
            const along = dot(
              axes[0],
              columns.map((column) => column[row]),
            );
            assert.ok(Math.abs(points[2 * row] - along) < 1e-4 * (1 + Math.abs(along)), `row ${row}`);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("find a plane in which all rows lie, among many numbers and more rows than are searched", () => {
    const [rows, width] = [3000, 200];
    const random = createRandom(3);
    const planted = [0, 1].map(() => Float64Array.from({ length: width }, () => normal(random)));
    const inputs = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const [first, second] = [5 * normal(random), 2 * normal(random)];
      for (let j = 0; j < width; j++) inputs[row * width + j] = 7 + first * planted[0][j] + second * planted[1][j];
    }
    const { variances, total } = findPrincipalComponents({ inputs, rows, shape: [width, 1], channels: oneChannel });
    assert.ok(Math.abs(variances[0] + variances[1] - total) < 1e-3 * total, `${variances} of ${total}`);
    assert.ok(variances[0] > 4 * variances[1]);
  });

  it("count a channel no more for its unit", () => {
    const random = createRandom(9);
    const volts = Float32Array.from({ length: 400 }, () => normal(random));
    const of = (factor: number) => {
      const inputs = Float32Array.from(volts, (value, i) => (i % 2 === 1 ? factor * value : value));
      const channels = [...oneChannel, { name: "other", unit: "" }];
      return findPrincipalComponents({ inputs, rows: 200, channels });
    };
    const [one, thousand] = [of(1), of(1024)];
    assert.deepEqual(one.points, thousand.points);
  });

  it("are the same for the same numbers, in memory or in a file", async () => {
    const [rows, width] = [2500, 6];
    const inputs = randomRows(1, rows, width, 0.6);
    const file = path.join(await temporaryFolder(), "samples");
    await writeFile(file, Buffer.concat([Buffer.from("head"), Buffer.from(inputs.buffer)]));
    const table = { rows, shape: [width, 1], channels: oneChannel };
    const inMemory = findPrincipalComponents({ ...table, inputs });
    assert.deepEqual(findPrincipalComponents({ ...table, inputs }), inMemory);
    assert.deepEqual(findPrincipalComponents({ ...table, inputs: { file, type: "float32", offset: 4 } }), inMemory);
  });

  const degenerate: { what: string; rows: number; inputs: number[]; width: number }[] = [
    { what: "no rows", rows: 0, inputs: [], width: 3 },
    { what: "one row", rows: 1, inputs: [1, 2, 3], width: 3 },
    { what: "rows that are all the same", rows: 3, inputs: [4, 5, 4, 5, 4, 5], width: 2 },
  ];
  for (const { what, rows, inputs, width } of degenerate) {
    it(`are all 0 for ${what}`, () => {
      const table = { inputs: Float32Array.from(inputs), rows, shape: [width, 1], channels: oneChannel };
      const { points, variances } = findPrincipalComponents(table);
      assert.deepEqual(points, new Float32Array(2 * rows));
      assert.deepEqual(variances, [0, 0]);
    });
  }
});
