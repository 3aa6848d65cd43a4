import { TinymlError } from "../../errors";
import type { KernelArgument, Operand } from "../kernel-call";
import { perSample } from "../kernel-call";
import { elementCount } from "../tensor";
import type { Shape } from "./operator-rule";

/** The most runs that a walk over two operands has; TINYML_BROADCAST_RUNS of the kernels. */
const MAXIMUM_RUNS = 6;

/**
 * The shape that two operands are repeated to: their dimensions are compared from the last one on, and one of 1 takes the
 * size of the other's.
 * @returns a sentence that says why the shapes do not fit together, or are too many dimensions for the kernels
 */
export function broadcastShape(a: Shape, b: Shape): Shape | string {
  const rank = Math.max(a.length, b.length);
  const [aSizes, bSizes] = [extend(a, rank), extend(b, rank)];
  const shape = aSizes.map((size, axis) => (size === 1 ? bSizes[axis] : size));
  if (bSizes.some((size, axis) => size !== 1 && size !== shape[axis])) {
    return `its inputs [${a}] and [${b}] do not fit together`;
  }
  // whether an operand is a constant decides about the run over the batch, which is at most one more
  if (runsOf(aSizes, bSizes, shape, 0, 0).length > MAXIMUM_RUNS) {
    return `its inputs [${a}] and [${b}] are repeated along too many dimensions`;
  }
  return shape;
}

/** How the kernels walk over two operands: the `outer` and `broadcast` of tinyml_add_float and its like. */
export function broadcastArguments(a: Operand, b: Operand, output: Operand): KernelArgument[] {
  const { shape } = output;
  // from one sample of a batch to the next: constants are the same for all
  const [aStep, bStep] = [a, b].map(({ shape: own, data }) => (data === undefined ? elementCount(own) : 0));
  const runs = runsOf(extend(a.shape, shape.length), extend(b.shape, shape.length), shape, aStep, bStep);
  if (runs.length > MAXIMUM_RUNS) {
    throw new TinymlError("TINYML_INTERNAL", `Operands [${a.shape}] and [${b.shape}] make ${runs.length} runs.`);
  }
  const padded = (values: readonly number[]) => extend(values.toReversed(), MAXIMUM_RUNS).toReversed();
  const fields = {
    runs: runs.length,
    sizes: padded(runs.map(({ size }) => size)),
    aSteps: padded(runs.map((run) => run.aStep)),
    bSteps: padded(runs.map((run) => run.bStep)),
  };
  const comment = "How its operands are repeated to the output's shape.";
  return [perSample(runs[0].size), { kind: "struct", struct: { type: "tinyml_broadcast", comment, fields } }];
}

/** Neighbouring dimensions that are walked alike. */
interface Run {
  size: number;
  aStep: number;
  bStep: number;
}

/** The runs of an output, the outermost first; the first one is, or begins with, the samples of a batch. */
function runsOf(a: Shape, b: Shape, shape: Shape, aSample: number, bSample: number): Run[] {
  const dimensions: Run[] = shape
    .map((size, axis) => ({ size, aStep: stepOf(a, axis), bStep: stepOf(b, axis) }))
    .filter(({ size }) => size > 1);
  // one sample now, several where a batch is run
  const runs: Run[] = [{ size: 1, aStep: aSample, bStep: bSample }];
  for (const next of dimensions) {
    const run = runs[runs.length - 1];
    if (run.aStep === next.size * next.aStep && run.bStep === next.size * next.bStep) {
      runs[runs.length - 1] = { ...next, size: run.size * next.size };
    } else {
      runs.push(next);
    }
  }
  return runs;
}

/** From one element of a dimension to the next: 0 where the operand is repeated along it. */
function stepOf(sizes: Shape, axis: number): number {
  return sizes[axis] === 1 ? 0 : elementCount(sizes.slice(axis + 1));
}

/** The shape with as many dimensions, of 1, before its own. */
function extend(shape: Shape, rank: number): number[] {
  return [...new Array<number>(Math.max(0, rank - shape.length)).fill(1), ...shape];
}
