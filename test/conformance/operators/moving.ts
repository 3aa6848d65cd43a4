import * as fc from "fast-check";
import { createRandom } from "../../../src/dataset/random";
import type { Model, Operator, Tensor, TensorData, TensorType } from "../../../src/model/model";
import { operatorRule } from "../../../src/model/operators";
import { elementCount, tensorDataOver } from "../../../src/model/tensor";

/* Random models of a single operator that moves elements without looking at them, with inputs for them. */

export interface MovingSample {
  model: Model;
  inputs: TensorData[];
}

/** What a generator is told: the type of the elements. */
type Any = (element: TensorType) => fc.Arbitrary<MovingSample>;

const side = fc.integer({ min: 1, max: 5 });
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const anyShape = (minLength: number, maxLength: number) => fc.array(side, { minLength, maxLength });

/** Zero point and scale of everything that is int8 here. */
const ZERO_POINT = -7;

/** A generator for each operator; every one gives models that are sound. */
export const MOVING_OPERATORS: Readonly<Record<string, Any>> = {
  SQUEEZE: (element) =>
    fc.tuple(anyShape(1, 4), fc.boolean(), seed).map(([shape, all, start]) => {
      const spread = shape.flatMap((size) => [1, size]);
      const axes = spread.flatMap((_, axis) => (axis % 2 === 0 ? [axis === 0 ? -spread.length : axis] : []));
      return sample({ type: "SQUEEZE", inputs: [0], outputs: [1], options: all ? {} : { axes } }, element, start, [
        spread,
      ]);
    }),
  EXPAND_DIMS: (element) =>
    fc.tuple(anyShape(1, 4), fc.nat(4), fc.boolean(), seed).map(([shape, place, fromEnd, start]) => {
      const axis = (place % (shape.length + 1)) - (fromEnd ? shape.length + 1 : 0);
      return sample(plain("EXPAND_DIMS", [0, 1]), element, start, [shape], [[axis]]);
    }),
  CONCATENATION: (element) =>
    fc
      .tuple(anyShape(1, 4), fc.nat(3), fc.boolean(), fc.array(side, { minLength: 1, maxLength: 5 }), seed)
      .map(([shape, place, fromEnd, sizes, start]) => {
        const along = place % shape.length;
        const shapes = sizes.map((size) => shape.with(along, size));
        const axis = fromEnd ? along - shape.length : along;
        const operator: Operator = {
          type: "CONCATENATION",
          inputs: shapes.map((_, i) => i),
          outputs: [shapes.length],
          options: { axis, activation: "NONE" },
        };
        return sample(operator, element, start, shapes);
      }),
  PACK: (element) =>
    fc
      .tuple(anyShape(1, 3), fc.nat(3), fc.boolean(), fc.integer({ min: 1, max: 4 }), seed)
      .map(([shape, place, fromEnd, count, start]) => {
        const along = place % (shape.length + 1);
        const axis = fromEnd ? along - shape.length - 1 : along;
        const shapes = Array.from({ length: count }, () => shape);
        const operator: Operator = {
          type: "PACK",
          inputs: shapes.map((_, i) => i),
          outputs: [count],
          options: { axis, count },
        };
        return sample(operator, element, start, shapes);
      }),
  UNPACK: (element) =>
    fc.tuple(anyShape(2, 4), fc.nat(3), fc.boolean(), seed).map(([shape, place, fromEnd, start]) => {
      const along = place % shape.length;
      const axis = fromEnd ? along - shape.length : along;
      const count = shape[along];
      const outputs = Array.from({ length: count }, (_, i) => i + 1);
      return sample({ type: "UNPACK", inputs: [0], outputs, options: { axis, count } }, element, start, [shape]);
    }),
  SPLIT: (element) =>
    fc
      .tuple(anyShape(1, 4), fc.nat(3), fc.boolean(), fc.integer({ min: 1, max: 4 }), seed)
      .map(([shape, place, fromEnd, count, start]) => {
        const along = place % shape.length;
        const axis = fromEnd ? along - shape.length : along;
        const outputs = Array.from({ length: count }, (_, i) => i + 2);
        const operator: Operator = { type: "SPLIT", inputs: [1, 0], outputs, options: { count } };
        return sample(operator, element, start, [shape.with(along, shape[along] * count)], [[axis]], [[]]);
      }),
  SPLIT_V: (element) =>
    fc
      .tuple(anyShape(1, 4), fc.nat(3), fc.array(side, { minLength: 1, maxLength: 4 }), fc.boolean(), seed)
      .map(([shape, place, parts, open, start]) => {
        const axis = place % shape.length;
        const total = parts.reduce((sum, size) => sum + size, 0);
        const outputs = parts.map((_, i) => i + 3);
        const operator: Operator = { type: "SPLIT_V", inputs: [0, 1, 2], outputs, options: { count: parts.length } };
        const sizes = open ? parts.with(-1, -1) : parts;
        return sample(operator, element, start, [shape.with(axis, total)], [sizes, [axis]], [[parts.length], []]);
      }),
  GATHER: (element) =>
    fc
      .tuple(anyShape(1, 4), fc.nat(3), fc.nat(3), anyShape(0, 2), fc.boolean(), seed)
      .map(([shape, place, shared, counts, fromEnd, start]) => {
        const along = place % shape.length;
        const batchDimensions = shared % (along + 1);
        const indicesShape = [...shape.slice(0, batchDimensions), ...counts];
        const { uniform } = createRandom(start);
        const indices = Array.from({ length: elementCount(indicesShape) }, () => Math.floor(uniform() * shape[along]));
        const options = { axis: fromEnd ? along - shape.length : along, batchDimensions };
        const operator: Operator = { type: "GATHER", inputs: [0, 1], outputs: [2], options };
        return sample(operator, element, start, [shape], [indices], [indicesShape]);
      }),
  SLICE: (element) =>
    fc
      .tuple(anyShape(1, 5), fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 5, maxLength: 5 }), seed)
      .map(([shape, cuts, start]) => {
        const begin = shape.map((size, i) => cuts[i][0] % size);
        const size = shape.map((dimension, i) => (cuts[i][2] ? -1 : 1 + (cuts[i][1] % (dimension - begin[i]))));
        return sample(plain("SLICE", [0, 1, 2]), element, start, [shape], [begin, size]);
      }),
  STRIDED_SLICE: (element) => anyStridedSlice(element, false),
  TRANSPOSE: (element) =>
    fc.tuple(anyShape(1, 5), seed).map(([shape, start]) => {
      return sample(plain("TRANSPOSE", [0, 1]), element, start, [shape], [shuffled(shape.length, start)]);
    }),
  REVERSE_V2: (element) =>
    fc.tuple(anyShape(1, 4), fc.nat(3), seed).map(([shape, place, start]) => {
      return sample(plain("REVERSE_V2", [0, 1]), element, start, [shape], [[place % shape.length]]);
    }),
  MIRROR_PAD: (element) =>
    fc.tuple(anyPaddings(), fc.boolean()).map(([[shape, edges, start], reflect]) => {
      const operator: Operator = {
        type: "MIRROR_PAD",
        inputs: [0, 1],
        outputs: [2],
        options: { mode: reflect ? "REFLECT" : "SYMMETRIC" },
      };
      const most = shape.map((size) => (reflect ? size - 1 : size));
      const mirrored = edges.map((edge, i) => Math.min(edge, most[Math.trunc(i / 2)]));
      return sample(operator, element, start, [shape], [mirrored], [[shape.length, 2]]);
    }),
  PAD: (element) =>
    anyPaddings().map(([shape, edges, start]) => {
      return sample(plain("PAD", [0, 1]), element, start, [shape], [edges], [[shape.length, 2]]);
    }),
  PADV2: (element) =>
    anyPaddings().map(([shape, edges, start]) => {
      return sample(plain("PADV2", [0, 1, 2]), element, start, [shape], [edges], [[shape.length, 2]]);
    }),
  SPACE_TO_BATCH_ND: (element) =>
    anyBlocks().map(({ two, picture, block, before, after, batch, rest, start }) => {
      const dimensions = two ? 2 : 1;
      // enough is put behind to make whole blocks
      const behind = after.map((edge, i) => edge * block[i] + missing(picture[i] + before[i], block[i]));
      const shape = [batch, ...picture.slice(0, dimensions), rest];
      const edges = before.flatMap((edge, i) => [edge, behind[i]]).slice(0, 2 * dimensions);
      return sample(
        plain("SPACE_TO_BATCH_ND", [0, 1, 2]),
        element,
        start,
        [shape],
        [block.slice(0, dimensions), edges],
        [[dimensions], [dimensions, 2]],
      );
    }),
  BATCH_TO_SPACE_ND: (element) =>
    anyBlocks().map(({ two, picture, block, before, after, batch, rest, start }) => {
      const dimensions = two ? 2 : 1;
      const blocks = block.slice(0, dimensions);
      const shape = [blocks.reduce((product, size) => product * size, batch), ...picture.slice(0, dimensions), rest];
      const edges = blocks.flatMap((size, i) => {
        const left = picture[i] * size - 1;
        const first = Math.min(before[i], left);
        return [first, Math.min(after[i], left - first)];
      });
      return sample(
        plain("BATCH_TO_SPACE_ND", [0, 1, 2]),
        element,
        start,
        [shape],
        [blocks, edges],
        [[dimensions], [dimensions, 2]],
      );
    }),
  SPACE_TO_DEPTH: (element) =>
    fc.tuple(anyShape(4, 4), fc.integer({ min: 1, max: 3 }), seed).map(([[b, h, w, c], blockSize, start]) => {
      const operator: Operator = { type: "SPACE_TO_DEPTH", inputs: [0], outputs: [1], options: { blockSize } };
      return sample(operator, element, start, [[b, h * blockSize, w * blockSize, c]]);
    }),
  DEPTH_TO_SPACE: (element) =>
    fc.tuple(anyShape(4, 4), fc.integer({ min: 1, max: 3 }), seed).map(([[b, h, w, c], blockSize, start]) => {
      const operator: Operator = { type: "DEPTH_TO_SPACE", inputs: [0], outputs: [1], options: { blockSize } };
      return sample(operator, element, start, [[b, h, w, c * blockSize * blockSize]]);
    }),
  TILE: (element) =>
    fc.tuple(anyShape(1, 3), anyShape(3, 3), seed).map(([shape, times, start]) => {
      const multiples = shape.map((_, i) => 1 + (times[i] % 3));
      return sample(plain("TILE", [0, 1]), element, start, [shape], [multiples]);
    }),
  BROADCAST_TO: (element) =>
    fc.tuple(anyShape(1, 5), fc.nat(4), fc.nat(31), seed).map(([wanted, less, ones, start]) => {
      const left = wanted.slice(less % wanted.length);
      const shape = left.map((size, i) => ((ones >> i) & 1 ? 1 : size));
      return sample(plain("BROADCAST_TO", [0, 1]), element, start, [shape], [wanted]);
    }),
};

/** STRIDED_SLICE; with `plain`, only what TensorFlow Lite Micro computes: neither ellipsis nor new axes. */
export function anyStridedSlice(element: TensorType, isPlain: boolean): fc.Arbitrary<MovingSample> {
  const entry = fc.record({
    begin: fc.integer({ min: -7, max: 7 }),
    end: fc.integer({ min: -7, max: 7 }),
    stride: fc.constantFrom(1, 1, 2, 3, -1, -2),
    kind: fc.constantFrom("range", "range", "range", "shrink", "new"),
    begins: fc.boolean(),
    ends: fc.boolean(),
  });
  return fc
    .tuple(anyShape(1, 4), fc.array(entry, { minLength: 4, maxLength: 4 }), fc.nat(5), fc.boolean(), seed)
    .map(([shape, drawn, ellipsis, less, start]) => {
      const entries = drawn.slice(0, shape.length).map((one) => ({
        ...one,
        ...((isPlain && one.kind === "new") || one.kind === "range" ? { kind: "range" } : {}),
        ...(one.kind === "shrink" ? { stride: 1, begins: false } : {}),
      }));
      const used = isPlain || !less ? entries : entries.slice(1);
      const has = (test: (one: (typeof used)[number], i: number) => boolean) =>
        used.reduce((mask, one, i) => mask | (test(one, i) ? 1 << i : 0), 0);
      const operator: Operator = {
        type: "STRIDED_SLICE",
        inputs: [0, 1, 2, 3],
        outputs: [4],
        options: {
          beginMask: has(({ begins }) => begins),
          endMask: has(({ ends }) => ends),
          ellipsisMask: isPlain ? 0 : has((_, i) => i === ellipsis),
          newAxisMask: has(({ kind }) => kind === "new"),
          shrinkAxisMask: has(({ kind }) => kind === "shrink"),
        },
      };
      const parameters = [used.map(({ begin }) => begin), used.map(({ end }) => end), used.map(({ stride }) => stride)];
      return trySample(operator, element, start, [shape], parameters);
    })
    .filter((found) => found !== undefined);
}

function anyPaddings() {
  return fc
    .tuple(anyShape(1, 4), fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }), seed)
    .map(([shape, all, start]) => {
      return [shape, all.slice(0, 2 * shape.length), start] as const;
    });
}

function anyBlocks() {
  const pair = (arbitrary: fc.Arbitrary<number>) => fc.array(arbitrary, { minLength: 2, maxLength: 2 });
  return fc.record({
    two: fc.boolean(),
    picture: pair(side),
    block: pair(fc.integer({ min: 1, max: 3 })),
    before: pair(fc.nat(3)),
    after: pair(fc.nat(2)),
    batch: fc.integer({ min: 1, max: 2 }),
    rest: side,
    start: seed,
  });
}

function missing(size: number, block: number): number {
  return (block - (size % block)) % block;
}

function shuffled(count: number, start: number): number[] {
  const { uniform } = createRandom(start);
  const keys = Array.from({ length: count }, (_, axis) => ({ axis, key: uniform() }));
  return keys.sort((a, b) => a.key - b.key).map(({ axis }) => axis);
}

function plain(
  type:
    | "EXPAND_DIMS"
    | "SLICE"
    | "TRANSPOSE"
    | "REVERSE_V2"
    | "PAD"
    | "PADV2"
    | "SPACE_TO_BATCH_ND"
    | "BATCH_TO_SPACE_ND"
    | "TILE"
    | "BROADCAST_TO",
  inputs: readonly number[],
): Operator {
  return { type, inputs, outputs: [inputs.length], options: {} };
}

/**
 * The model of an operator: first its inputs, of the shapes, then its parameters as constants of int32, a list each of the
 * shapes (else a list), then its outputs. PADV2's value is the last parameter, and of the elements' type.
 */
function sample(
  operator: Operator,
  element: TensorType,
  start: number,
  shapes: readonly (readonly number[])[],
  parameters: readonly (readonly number[])[] = [],
  parameterShapes: readonly (readonly number[])[] = [],
): MovingSample {
  const found = trySample(operator, element, start, shapes, parameters, parameterShapes);
  if (found === undefined) throw new Error(`${JSON.stringify([operator, shapes, parameters])} is not sound`);
  return found;
}

function trySample(
  operator: Operator,
  element: TensorType,
  start: number,
  shapes: readonly (readonly number[])[],
  parameters: readonly (readonly number[])[] = [],
  parameterShapes: readonly (readonly number[])[] = [],
): MovingSample | undefined {
  const random = createRandom(start);
  const constants = parameters.map((values, i): Tensor => {
    return {
      name: `parameter ${i}`,
      type: "int32",
      shape: parameterShapes[i] ?? [values.length],
      data: Int32Array.from(values),
    };
  });
  if (operator.type === "PADV2") {
    constants.push({ ...elementTensor("value", element, []), data: randomData(element, 1, random.uniform) });
  }
  const tensors = [...shapes.map((shape, i) => elementTensor(`input ${i}`, element, shape)), ...constants];
  const found = operatorRule(operator.type).shapes(
    operator.inputs.map((index) => tensors[index].shape),
    operator.options,
    operator.inputs.map((index) => tensors[index].data),
    [],
  );
  if (typeof found === "string") return undefined;
  const outputs = found.map((shape, i) => elementTensor(`output ${i}`, element, shape));
  const model: Model = {
    description: "",
    tensors: [...tensors, ...outputs],
    operators: [operator],
    inputs: shapes.map((_, i) => i),
    outputs: [...operator.outputs],
  };
  return { model, inputs: shapes.map((shape) => randomData(element, elementCount(shape), random.uniform)) };
}

function elementTensor(name: string, type: TensorType, shape: readonly number[]): Tensor {
  const isQuantized = type === "int8" || type === "int16";
  const quantization = { scales: [0.5], zeroPoints: [type === "int8" ? ZERO_POINT : 0], axis: 0 };
  return { name, type, shape, ...(isQuantized && { quantization }) };
}

/** Random elements; of floats and booleans such that every runtime leaves their bits as they are. */
function randomData(type: TensorType, count: number, uniform: () => number): TensorData {
  if (type === "float32") return Float32Array.from({ length: count }, () => 2 * uniform() - 1);
  if (type === "bool") return Uint8Array.from({ length: count }, () => (uniform() < 0.5 ? 0 : 1));
  const bytes = tensorDataOver(type, new ArrayBuffer(8 * count)).BYTES_PER_ELEMENT * count;
  return tensorDataOver(type, Uint8Array.from({ length: bytes }, () => Math.floor(256 * uniform())).buffer);
}
