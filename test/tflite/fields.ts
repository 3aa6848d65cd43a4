import type { Random } from "../../src/dataset/random";
import { BUFFER, MODEL, OPERATOR, OPERATOR_CODE, QUANTIZATION, SUBGRAPH, TENSOR } from "../../src/tflite/schema";

/* Where the fields of a sound .tflite file lie, and what to put there so that the file means something else. */

type Kind = "uint8" | "uint16" | "int32" | "int64" | "float32";

/** A number in a file. Fields of one group can stand for each other: dimensions, tensors' numbers, scales, … */
export interface Field {
  readonly at: number;
  readonly kind: Kind;
  readonly group: string;
}

/** The slots of a table and what is in them: numbers, vectors of numbers, or tables and vectors of tables further down. */
type Layout = readonly (readonly [slot: number, content: Content])[];
type Content =
  | { number: Kind; group: string }
  | { numbers: Kind; group: string }
  | { table: Layout }
  | { tables: Layout }
  | { options: true }
  | { elements: true };

const QUANTIZATION_LAYOUT: Layout = [
  [QUANTIZATION.scale, { numbers: "float32", group: "scale" }],
  [QUANTIZATION.zero_point, { numbers: "int64", group: "zero point" }],
  [QUANTIZATION.quantized_dimension, { number: "int32", group: "axis" }],
];

const TENSOR_LAYOUT: Layout = [
  [TENSOR.shape, { numbers: "int32", group: "dimension" }],
  [TENSOR.type, { number: "uint8", group: "type" }],
  [TENSOR.buffer, { number: "int32", group: "buffer" }],
  [TENSOR.quantization, { table: QUANTIZATION_LAYOUT }],
  [TENSOR.is_variable, { number: "uint8", group: "flag" }],
];

const OPERATOR_LAYOUT: Layout = [
  [OPERATOR.opcode_index, { number: "int32", group: "operator code" }],
  [OPERATOR.inputs, { numbers: "int32", group: "tensor" }],
  [OPERATOR.outputs, { numbers: "int32", group: "tensor" }],
  [OPERATOR.builtin_options_type, { number: "uint8", group: "options" }],
  [OPERATOR.builtin_options, { options: true }],
  [OPERATOR.mutating_variable_inputs, { numbers: "uint8", group: "flag" }],
  [OPERATOR.intermediates, { numbers: "int32", group: "tensor" }],
];

const SUBGRAPH_LAYOUT: Layout = [
  [SUBGRAPH.tensors, { tables: TENSOR_LAYOUT }],
  [SUBGRAPH.inputs, { numbers: "int32", group: "tensor" }],
  [SUBGRAPH.outputs, { numbers: "int32", group: "tensor" }],
  [SUBGRAPH.operators, { tables: OPERATOR_LAYOUT }],
];

const CODE_LAYOUT: Layout = [
  [OPERATOR_CODE.deprecated_builtin_code, { number: "uint8", group: "code" }],
  [OPERATOR_CODE.version, { number: "int32", group: "version" }],
  [OPERATOR_CODE.builtin_code, { number: "int32", group: "code" }],
];

const MODEL_LAYOUT: Layout = [
  [MODEL.operator_codes, { tables: CODE_LAYOUT }],
  [MODEL.subgraphs, { tables: SUBGRAPH_LAYOUT }],
  [MODEL.buffers, { tables: [[BUFFER.data, { elements: true }]] }],
];

const BYTES: Readonly<Record<Kind, number>> = { uint8: 1, uint16: 2, int32: 4, int64: 8, float32: 4 };

/** Constants up to this length are shapes, axes, paddings and the like: each of their numbers decides much. */
const SHORT_CONSTANT = 64;

/** The fields of a sound file, each once, in the order in which they are found. */
export function findFields(file: Uint8Array): readonly Field[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const found = new Map<number, Field>();
  const add = (at: number, kind: Kind, group: string): void => {
    found.set(at, { at, kind, group });
  };
  const follow = (at: number) => at + view.getUint32(at, true);

  const visitTable = (position: number, layout: Layout): void => {
    const vtable = position - view.getInt32(position, true);
    const slots = (view.getUint16(vtable, true) - 4) / 2;
    // a slot may be made to point to another field's bytes, so that what is absent gets a value
    for (let slot = 0; slot < slots; slot++) add(vtable + 4 + 2 * slot, "uint16", "slot");
    for (const [slot, content] of layout) {
      const offset = slot < slots ? view.getUint16(vtable + 4 + 2 * slot, true) : 0;
      if (offset > 0) visitContent(position + offset, content);
    }
  };
  const visitContent = (at: number, content: Content): void => {
    if ("number" in content) add(at, content.number, content.group);
    else if ("numbers" in content) visitNumbers(follow(at), content.numbers, content.group);
    else if ("table" in content) visitTable(follow(at), content.table);
    else if ("options" in content) visitOptions(follow(at));
    else if ("elements" in content) visitElements(follow(at));
    else {
      const vector = follow(at);
      for (let i = 0; i < view.getUint32(vector, true); i++) visitTable(follow(vector + 4 + 4 * i), content.tables);
    }
  };
  const visitNumbers = (vector: number, kind: Kind, group: string): void => {
    const count = view.getUint32(vector, true);
    add(vector, "int32", "count");
    for (let i = 0; i < count; i++) add(vector + 4 + i * BYTES[kind], kind, group);
  };
  /** Options differ by operator: what has room for four bytes is a number of 32 bits. */
  const visitOptions = (position: number): void => {
    visitTable(position, []);
    const vtable = position - view.getInt32(position, true);
    const slots = (view.getUint16(vtable, true) - 4) / 2;
    const offsets = Array.from({ length: slots }, (_, slot) => view.getUint16(vtable + 4 + 2 * slot, true));
    const ends = [...offsets, view.getUint16(vtable + 2, true)].sort((a, b) => a - b);
    for (const offset of offsets.filter((one) => one > 0)) {
      const room = (ends.find((end) => end > offset) ?? offset) - offset;
      add(position + offset, room >= 4 && (position + offset) % 4 === 0 ? "int32" : "uint8", "option");
    }
  };
  const visitElements = (vector: number): void => {
    const count = view.getUint32(vector, true);
    if (count <= SHORT_CONSTANT && count % 4 === 0) {
      for (let i = 0; i < count; i += 4) add(vector + 4 + i, "int32", "element");
    } else {
      for (let i = 0; i < 16; i++) add(vector + 4 + Math.floor((i * count) / 16), "uint8", "elements");
    }
  };
  visitTable(view.getUint32(0, true), MODEL_LAYOUT);
  return [...found.values()];
}

const INTEGERS = [
  -2147483648, -65536, -129, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 127, 128, 255, 1000, 4096, 16384, 65535,
  65536, 1000000, 16777216, 268435456, 1073741824, 2147483647,
];
const REALS = [
  0,
  -0,
  -1,
  1,
  0.5,
  2 ** -7,
  1 / 256,
  1e-45,
  2 ** -126,
  1e-30,
  1e-9,
  1e6,
  1e30,
  3.4028234663852886e38,
  Infinity,
  -Infinity,
  NaN,
];

/** A copy of a file with one to three fields changed, or all the dimensions of one size. */
export function changeFields(file: Uint8Array, fields: readonly Field[], { below }: Random): Uint8Array {
  const bytes = file.slice();
  const view = new DataView(bytes.buffer);
  const numberAt = ({ at, kind }: Field): number => {
    switch (kind) {
      case "uint8":
        return view.getUint8(at);
      case "uint16":
        return view.getUint16(at, true);
      case "int32":
        return view.getInt32(at, true);
      case "int64":
        return Number(view.getBigInt64(at, true));
      case "float32":
        return view.getFloat32(at, true);
    }
  };
  const put = ({ at, kind }: Field, value: number): void => {
    switch (kind) {
      case "uint8":
        view.setUint8(at, value);
        break;
      case "uint16":
        view.setUint16(at, value, true);
        break;
      case "int32":
        view.setInt32(at, value, true);
        break;
      case "int64":
        view.setBigInt64(at, BigInt(value), true);
        break;
      case "float32":
        view.setFloat32(at, value, true);
        break;
    }
  };
  const oneOf = <Value>(values: readonly Value[]): Value => values[below(values.length)];
  const another = (field: Field): number => {
    const value = numberAt(field);
    const alike = fields.filter(({ group }) => group === field.group);
    if (below(3) === 0) return numberAt(oneOf(alike));
    switch (field.kind) {
      case "uint8":
        return below(2) === 0 ? below(18) : below(256);
      case "uint16":
        return below(3) === 0 ? 0 : 4 + below(24);
      case "float32":
        return below(2) === 0 ? oneOf(REALS) : value * 2 ** (below(41) - 20);
      default:
        return below(2) === 0 ? oneOf(INTEGERS) : value + oneOf([-2, -1, 1, 2]);
    }
  };
  // what was changed together often fits together
  const dimensions = fields.filter(({ group }) => group === "dimension");
  if (dimensions.length > 0 && below(6) === 0) {
    const size = numberAt(oneOf(dimensions));
    const other = below(3) === 0 ? oneOf(INTEGERS) : 1 + below(40);
    for (const field of dimensions) if (numberAt(field) === size) put(field, other);
  }
  const groups = [...new Set(fields.map(({ group }) => group))];
  for (let changes = 1 + below(3); changes > 0; changes--) {
    // large constants have most of the fields
    const group = oneOf(groups);
    const field = oneOf(fields.filter((one) => one.group === group));
    put(field, another(field));
  }
  return bytes;
}

/** Gives a tensor another shape, in a file whose tables are sound; false where it has no room for as many dimensions. */
export function changeShape(bytes: Uint8Array, tensor: number, shape: readonly number[]): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const follow = (at: number) => at + view.getUint32(at, true);
  const field = (position: number, slot: number): number => {
    const vtable = position - view.getInt32(position, true);
    return position + view.getUint16(vtable + 4 + 2 * slot, true);
  };
  const subgraph = follow(follow(field(view.getUint32(0, true), MODEL.subgraphs)) + 4);
  const tensors = follow(field(subgraph, SUBGRAPH.tensors));
  const table = follow(tensors + 4 + 4 * tensor);
  const at = field(table, TENSOR.shape);
  if (at === table || view.getUint32(follow(at), true) < shape.length) return false;
  view.setUint32(follow(at), shape.length, true);
  shape.forEach((size, axis) => {
    view.setInt32(follow(at) + 4 + 4 * axis, size, true);
  });
  return true;
}
