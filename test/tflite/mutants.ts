import { createRandom } from "../../src/dataset/random";
import { TinymlError } from "../../src/errors";
import type { Operator } from "../../src/model/model";
import { readTflite } from "../../src/tflite/read-tflite";
import { type Base, baseFiles } from "./bases";
import { damage } from "./damage";
import { changeFields, changeShape, type Field, findFields } from "./fields";

/** A damaged file, and what it was made of. */
export interface Mutant {
  readonly base: string;
  readonly bytes: Uint8Array;
}

let bases: readonly Base[] | undefined;

/**
 * The damaged file of a number: always the same for the same number (and the same public models beside the repository). A
 * third has bytes changed anywhere, the others the fields that say what is computed.
 */
export function mutant(seed: number): Mutant {
  bases ??= baseFiles();
  const random = createRandom(seed);
  const base = bases[random.below(bases.length)];
  const file = base.file(random.below(base.count));
  if (random.below(3) === 0) return { base: base.name, bytes: damage(file, random) };
  const { fields, operators } = structure(file);
  const bytes = changeFields(file, fields, random);
  if (random.below(2) === 0) fitShapes(operators, bytes);
  return { base: base.name, bytes };
}

interface Structure {
  readonly fields: readonly Field[];
  readonly operators: readonly Operator[];
}

/** What was found in files, each of which is damaged often. */
const structures = new WeakMap<Uint8Array, Structure>();

function structure(file: Uint8Array): Structure {
  const found = structures.get(file) ?? { fields: findFields(file), operators: readTflite(file).operators };
  structures.set(file, found);
  return found;
}

/** How often the shapes of a changed file are put right. */
const REPAIRS = 4;

/** Gives outputs the shapes that the changed operators compute, so that more than the check of shapes is reached. */
function fitShapes(operators: readonly Operator[], bytes: Uint8Array): void {
  for (let i = 0; i < REPAIRS; i++) {
    const found = wantedShape(bytes);
    if (found === undefined) return;
    const tensor = operators[found.operator]?.outputs[found.output];
    if (tensor === undefined || !changeShape(bytes, tensor, found.shape)) return;
  }
}

/** The output whose shape is not that of its operator, as the reader's error says. */
function wantedShape(bytes: Uint8Array): { operator: number; output: number; shape: number[] } | undefined {
  try {
    readTflite(bytes);
    return undefined;
  } catch (error) {
    if (!(error instanceof TinymlError)) return undefined;
    const found =
      /operators\[(\d+)\] \(\w+\)\.outputs\[(\d+)\]: the tensor's shape is .*, the operator's \[([\d,]*)\]/.exec(
        error.message,
      );
    if (found === null) return undefined;
    const [, operator, output, shape] = found;
    return {
      operator: Number(operator),
      output: Number(output),
      shape: shape === "" ? [] : shape.split(",").map(Number),
    };
  }
}
