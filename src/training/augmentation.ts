import { createRandom, normal, type Random } from "../dataset/random";
import { invalidRecipe } from "./recipe-error";
import type { TrainingSettings } from "./recipe-settings";

type Augmentation = TrainingSettings["augmentation"][number];

/**
 * Changes a sample in place.
 * @param sample its numbers after the features, in the shape that the augmentation was made for
 * @param row its number in the table
 */
export type Augment = (sample: Float32Array, epoch: number, row: number) => void;

/**
 * The changes of a recipe that samples of one shape get while a network learns from them. Chance follows from seed, epoch and
 * row alone, so that a sample is changed in the same way whichever batch or thread it comes to.
 *
 * @param shape of a sample: [channels], [readings, channels] or [height, width, channels]
 * @returns undefined where nothing is changed
 * @throws TinymlError TINYML_RECIPE_INVALID for a change that samples of this shape can't get
 */
export function createAugmentation(
  { augmentation, seed }: Pick<TrainingSettings, "augmentation" | "seed">,
  shape: readonly number[],
): Augment | undefined {
  if (augmentation.length === 0) return undefined;
  augmentation.forEach(({ type }, i) => {
    if (shape.length > 1 || type === "noise" || type === "scale") return;
    throw invalidRecipe(`training.augmentation.${i}`, `${type} needs windows or pictures, not single readings`);
  });
  const changes = augmentation.map((each) => changeOf(each, shape));
  return (sample, epoch, row) => {
    const random = createRandom(mix(mix(seed, epoch), row));
    for (const change of changes) change(sample, random);
  };
}

type Change = (sample: Float32Array, random: Random) => void;

function changeOf(augmentation: Augmentation, shape: readonly number[]): Change {
  switch (augmentation.type) {
    case "noise":
      return (sample, random) => {
        for (let i = 0; i < sample.length; i++) sample[i] += augmentation.deviation * normal(random);
      };
    case "scale":
      return (sample, random) => {
        const factor = 1 + augmentation.range * between(random, -1, 1);
        for (let i = 0; i < sample.length; i++) sample[i] *= factor;
      };
    case "shift":
      return moved(shape, (size, random) => {
        const most = Math.floor(augmentation.range * size);
        return { start: random.below(2 * most + 1) - most, step: 1 };
      });
    case "crop":
      return moved(shape, (size, random) => {
        const kept = 1 - augmentation.range * random.uniform();
        return { start: between(random, 0, (1 - kept) * (size - 1)), step: kept };
      });
    case "flip": {
      const flipped = shape.length === 3 && augmentation.direction === "horizontal" ? 1 : 0;
      return moved(shape, (size, random, axis) =>
        axis === flipped && random.below(2) === 1 ? { start: size - 1, step: -1 } : { start: 0, step: 1 },
      );
    }
  }
}

/** From where along an axis the numbers come: number i from start + i × step, kept inside of the axis. */
interface Origin {
  start: number;
  step: number;
}

/** Takes each number from another place; between two numbers, from the line between them. */
function moved(
  [height, ...rest]: readonly number[],
  origin: (size: number, random: Random, axis: number) => Origin,
): Change {
  // a window is a picture of one column
  const [width, channels] = rest.length === 1 ? [1, rest[0]] : rest;
  const copy = new Float32Array(height * width * channels);
  return (sample, random) => {
    copy.set(sample);
    const rows = placesOf(height, origin(height, random, 0));
    const columns = width === 1 ? [{ first: 0, second: 0, share: 0 }] : placesOf(width, origin(width, random, 1));
    let to = 0;
    for (const row of rows) {
      const [above, below] = [row.first * width, row.second * width];
      for (const column of columns) {
        const beside = (column.second - column.first) * channels;
        let a = (above + column.first) * channels;
        let b = (below + column.first) * channels;
        for (let c = 0; c < channels; c++, a++, b++) {
          const first = copy[a] + (copy[a + beside] - copy[a]) * column.share;
          const second = copy[b] + (copy[b + beside] - copy[b]) * column.share;
          sample[to++] = first + (second - first) * row.share;
        }
      }
    }
  };
}

/** For each place along an axis the two it comes from, and how much of the second. */
function placesOf(size: number, { start, step }: Origin): { first: number; second: number; share: number }[] {
  return Array.from({ length: size }, (_, i) => {
    const from = Math.min(size - 1, Math.max(0, start + i * step));
    const first = Math.floor(from);
    return { first, second: Math.min(size - 1, first + 1), share: from - first };
  });
}

function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}

/** A number in which each bit of both counts. */
function mix(a: number, b: number): number {
  let mixed = Math.imul(a ^ (a >>> 16), 0x21f0aaad) ^ Math.imul(b + 0x9e3779b9, 0x735a2d97);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) | 0;
}
