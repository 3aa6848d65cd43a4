import type { Random } from "../../src/dataset/random";
import { createRandom } from "../../src/dataset/random";
import type { Table } from "../../src/dataset/table";

/** The book's data, chapter 8: `rows` positions x in 0..1 with y = sin(πx) + 0.05 · N(0, 1), always the same for a seed. */
export function potentiometerTable(seed = 2023, rows = 1000): Table<Float32Array> {
  const random = createRandom(seed);
  const inputs = Float32Array.from({ length: rows }, () => random.uniform());
  return {
    name: "potentiometer",
    task: "regression",
    channels: [{ name: "position", unit: "", range: [0, 1] }],
    targets: [{ name: "brightness", unit: "", range: [0, 1] }],
    inputs,
    outputs: inputs.map((x) => Math.sin(Math.PI * x) + 0.05 * normal(random)),
    rows,
  };
}

/** Two clouds of points around (−1, −1) and (1, 1), and one around (1, −1): three classes that a small network separates. */
export function cloudsTable(seed = 5, rows = 300): Table<Float32Array> {
  const random = createRandom(seed);
  const centres = [
    [-1, -1],
    [1, 1],
    [1, -1],
  ];
  const outputs = Float32Array.from({ length: rows }, (_, row) => row % 3);
  const inputs = new Float32Array(rows * 2);
  outputs.forEach((label, row) => {
    centres[label].forEach((centre, channel) => {
      inputs[row * 2 + channel] = centre + 0.25 * normal(random);
    });
  });
  return {
    name: "clouds",
    task: "classification",
    channels: [
      { name: "x", unit: "g" },
      { name: "y", unit: "g" },
    ],
    labels: ["left", "right", "below"],
    inputs,
    outputs,
    rows,
  };
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}
