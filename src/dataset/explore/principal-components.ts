import { createRandom, normal, type Random } from "../random";
import { openSamples, type SampleReader } from "../samples";
import { inputWidth, type Table } from "../table";

/** The two directions in which samples differ most, and where each sample lies on them. */
export interface PrincipalComponents {
  /** Where each row lies: two numbers per row, its distances from the mean along the first and the second direction. */
  points: Float32Array;
  /** The directions, of length 1 and perpendicular, in the units of the scaled numbers. */
  axes: readonly [Float64Array, Float64Array];
  /** How much the rows vary along each direction: the mean of the squared distances. */
  variances: readonly [number, number];
  /** How much they vary along all directions together. */
  total: number;
}

/** Directions that are searched at once: the more beyond two, the faster two that are alike are told apart. */
const block = 8;

/**
 * The directions are found from so many rows, taken at random where there are more: those of 10,000 rows are hardly others, and every round of
 * the search takes time for each row. Where the rows lie on them is computed for all.
 */
const mostSearched = 2048;

/** Rounds at most, and the change of a variance, relative to it, below which the search ends. */
const mostRounds = 60;
const tolerance = 1e-7;

/**
 * Principal component analysis of a table's samples: block power iteration on the covariance, which is never built, with a Rayleigh–Ritz step
 * in every round (N. Halko, P.-G. Martinsson, J. A. Tropp, 2011). Each channel is scaled to variance 1 first, so that none counts more for its
 * unit; a constant one counts nothing. The same table gives the same numbers. For tables that have no rows or one, all is 0.
 *
 * @throws what reading a file throws
 */
export function findPrincipalComponents(
  table: Pick<Table, "inputs" | "shape" | "channels" | "rows">,
): PrincipalComponents {
  const { rows } = table;
  const width = inputWidth(table);
  const random = createRandom(1);
  const reader = openSamples(table.inputs, width);
  try {
    const scaling = findScaling(reader, rows, width, table.channels.length);
    const searched = readScaled(reader, chooseRows(rows, random), width, scaling);
    const axes = findDirections(searched, width, random);
    return { ...project(reader, rows, width, scaling, axes), axes, total: scaling.total };
  } finally {
    reader.close();
  }
}

interface Scaling {
  /** Of each number of a sample: its mean over the rows. */
  means: Float64Array;
  /** Of each number of a sample: what it is multiplied with, the same for a channel. */
  factors: Float64Array;
  /** The variance of all scaled numbers together. */
  total: number;
}

function findScaling(reader: SampleReader, rows: number, width: number, channels: number): Scaling {
  const means = new Float64Array(width);
  const squares = new Float64Array(width);
  const row = new Float32Array(width);
  for (let i = 0; i < rows; i++) {
    reader.copy(i, row, 0);
    // Welford's way: sums of squares would lose the small variance of large numbers.
    for (let j = 0; j < width; j++) {
      const difference = row[j] - means[j];
      means[j] += difference / (i + 1);
      squares[j] += difference * (row[j] - means[j]);
    }
  }
  const perChannel = new Float64Array(channels);
  for (let j = 0; j < width; j++) perChannel[j % channels] += squares[j] / Math.max(1, rows);
  const steps = width / channels;
  const factors = Float64Array.from({ length: width }, (_, j) => {
    const variance = perChannel[j % channels] / steps;
    return variance > 0 ? 1 / Math.sqrt(variance) : 0;
  });
  return { means, factors, total: perChannel.reduce((sum, variance) => sum + (variance > 0 ? steps : 0), 0) };
}

function chooseRows(rows: number, random: Random): Uint32Array {
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  if (rows <= mostSearched) return all;
  random.shuffle(all);
  // In the order of the file, which reads faster.
  return all.subarray(0, mostSearched).sort();
}

/** Rows, scaled and about their mean, one after another. */
function readScaled(
  reader: SampleReader,
  indices: Uint32Array,
  width: number,
  { means, factors }: Scaling,
): Float64Array {
  const row = new Float32Array(width);
  const scaled = new Float64Array(indices.length * width);
  for (const [i, index] of indices.entries()) {
    reader.copy(index, row, 0);
    for (let j = 0; j < width; j++) scaled[i * width + j] = (row[j] - means[j]) * factors[j];
  }
  return scaled;
}

/** The two directions of the largest variance of rows about their mean. */
function findDirections(rows: Float64Array, width: number, random: Random): readonly [Float64Array, Float64Array] {
  const size = Math.min(block, width);
  let directions = Array.from({ length: size }, () => Float64Array.from({ length: width }, () => normal(random)));
  orthogonalize(directions, random);
  let before: readonly number[] = [];
  for (let round = 0; round < mostRounds; round++) {
    const moved = multiplyByCovariance(rows, width, directions);
    // How the covariance acts within the block: its eigenvectors are the best directions that the block has.
    const within = directions.map((one) => moved.map((other) => dot(one, other)));
    const { values, vectors } = eigen(within);
    const change = values.slice(0, 2).some((value, i) => Math.abs(value - (before[i] ?? 0)) > tolerance * value);
    before = values;
    if (!change) {
      directions = vectors.map((vector) => combine(directions, vector));
      break;
    }
    directions = vectors.map((vector) => combine(moved, vector));
    orthogonalize(directions, random);
  }
  const [first = new Float64Array(width), second = new Float64Array(width)] = directions;
  return [pointed(first), pointed(second)];
}

/** A direction and its opposite are the same: that with a positive largest number is taken. */
function pointed(direction: Float64Array): Float64Array {
  let largest = 0;
  for (const value of direction) if (Math.abs(value) > Math.abs(largest) + 1e-9) largest = value;
  return largest < 0 ? direction.map((value) => -value) : direction;
}

/** Each direction, multiplied by the sum of the rows' outer products. */
function multiplyByCovariance(
  rows: Float64Array,
  width: number,
  directions: readonly Float64Array[],
): Float64Array<ArrayBuffer>[] {
  const moved = directions.map(() => new Float64Array(width));
  for (let start = 0; start < rows.length; start += width) {
    for (let d = 0; d < directions.length; d++) {
      const direction = directions[d];
      const to = moved[d];
      let along = 0;
      for (let j = 0; j < width; j++) along += rows[start + j] * direction[j];
      if (along !== 0) for (let j = 0; j < width; j++) to[j] += along * rows[start + j];
    }
  }
  return moved;
}

/** Makes vectors perpendicular and of length 1, in place, twice over for those that are nearly alike; one that vanishes is drawn anew. */
function orthogonalize(vectors: readonly Float64Array[], random: Random): void {
  for (const [i, vector] of vectors.entries()) {
    for (let attempt = 0; attempt < 8; attempt++) {
      const before = Math.sqrt(dot(vector, vector));
      for (let pass = 0; pass < 2; pass++) {
        for (const other of vectors.slice(0, i)) {
          const along = dot(vector, other);
          for (let j = 0; j < vector.length; j++) vector[j] -= along * other[j];
        }
      }
      const length = Math.sqrt(dot(vector, vector));
      if (length > 1e-10 * before && length > 0) {
        for (let j = 0; j < vector.length; j++) vector[j] /= length;
        break;
      }
      for (let j = 0; j < vector.length; j++) vector[j] = normal(random);
    }
  }
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < one.length; j++) sum += one[j] * other[j];
  return sum;
}

/** The sum of vectors, each times its factor. */
function combine(vectors: readonly Float64Array[], factors: readonly number[]): Float64Array<ArrayBuffer> {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const [i, vector] of vectors.entries()) for (let j = 0; j < sum.length; j++) sum[j] += factors[i] * vector[j];
  return sum;
}

/** Eigenvalues of a small symmetric matrix, the largest first, with their eigenvectors: Jacobi's rotations. */
export function eigen(matrix: readonly (readonly number[])[]): { values: number[]; vectors: number[][] } {
  const size = matrix.length;
  const a = matrix.map((row, i) => row.map((value, j) => (value + matrix[j][i]) / 2));
  const vectors = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 50; sweep++) {
    let rotated = false;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (Math.abs(a[p][q]) <= 1e-15 * Math.sqrt(Math.abs(a[p][p] * a[q][q]))) continue;
        rotated = true;
        rotate(a, vectors, p, q);
      }
    }
    if (!rotated) break;
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j][j] - a[i][i]);
  return { values: order.map((i) => a[i][i]), vectors: order.map((i) => vectors[i]) };
}

/** One rotation of Jacobi's, which makes a[p][q] vanish; `vectors` has the eigenvectors in its rows. */
function rotate(a: number[][], vectors: number[][], p: number, q: number): void {
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const tangent = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  for (const row of a) [row[p], row[q]] = [cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]];
  for (const rows of [a, vectors]) {
    for (let k = 0; k < a.length; k++) {
      const [one, other] = [rows[p][k], rows[q][k]];
      rows[p][k] = cosine * one - sine * other;
      rows[q][k] = sine * one + cosine * other;
    }
  }
}

function project(
  reader: SampleReader,
  rows: number,
  width: number,
  { means, factors }: Scaling,
  axes: readonly [Float64Array, Float64Array],
): Pick<PrincipalComponents, "points" | "variances"> {
  const points = new Float32Array(2 * rows);
  const row = new Float32Array(width);
  const variances: [number, number] = [0, 0];
  for (let i = 0; i < rows; i++) {
    reader.copy(i, row, 0);
    for (const axis of [0, 1] as const) {
      const direction = axes[axis];
      let along = 0;
      for (let j = 0; j < width; j++) along += (row[j] - means[j]) * factors[j] * direction[j];
      points[2 * i + axis] = along;
      variances[axis] += (along * along) / rows;
    }
  }
  return { points, variances };
}
