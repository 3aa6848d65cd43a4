import type { Builder } from "flatbuffers";
import type { FusedActivation, OperatorOptions, OperatorType, Padding, Tensor } from "../model/model";
import { damaged, FlatFile, FlatTable, unsupported } from "./cursor";
import { type OPERATOR, type Slots, slots } from "./schema";

/** How one option is read from and written to a field of the operator's options table. `undefined` is left out. */
interface OptionField<Value> {
  readonly field: string;
  read(table: FlatTable): Value;
  /** Stores what lies outside of the table, before the table is begun; gives its offset to `write`. */
  store?(builder: Builder, value: Value): number;
  write(builder: Builder, slot: number, value: Value, stored: number): void;
}

/** The table of the schema that holds an operator's options, in the union BuiltinOptions. */
interface OptionsTable {
  readonly name: string;
  /** Its number in the union. */
  readonly union: number;
  readonly slots: Slots;
  /** Fields that this package knows only by their default; with another value the operator computes something else. */
  readonly onlyDefault?: readonly string[];
}

/** An operator in the file: all that reading and writing must know of it. */
interface OperatorFormat<Type extends OperatorType> {
  /** Its number in the enum BuiltinOperator. */
  readonly code: number;
  /** The newest version that is read: what later versions add is told by types and options, which are checked. */
  readonly newestVersion: number;
  /** The lowest version that has what this operator uses; runtimes refuse versions above those they know. */
  version(inputs: readonly (Tensor | undefined)[], options: OperatorOptions[Type]): number;
  /** Absent for operators without options. */
  readonly table?: OptionsTable;
  /** One per option of the model's operator. */
  readonly fields: { readonly [Name in keyof OperatorOptions[Type]]-?: OptionField<OperatorOptions[Type][Name]> };
}

/** An enumeration of one byte whose names are listed by number. */
function oneOf<const Name extends string>(field: string, names: readonly Name[]): OptionField<Name> {
  return {
    field,
    read(table) {
      const number = table.int8(field);
      const name = names[number];
      if (name === undefined) throw unsupported(table.where(field), `is ${number}; known are ${names.join(", ")}`);
      return name;
    },
    write: (builder, slot, value) => builder.addFieldInt8(slot, names.indexOf(value), 0),
  };
}

function number(field: string): OptionField<number> {
  return {
    field,
    read: (table) => table.float32(field),
    write: (builder, slot, value) => builder.addFieldFloat32(slot, value, 0),
  };
}

function integer(field: string, absent = 0): OptionField<number> {
  return {
    field,
    read: (table) => table.int32(field, absent),
    write: (builder, slot, value) => builder.addFieldInt32(slot, value, absent),
  };
}

/** A list of whole numbers that the model has only when the file has it. */
function integers(field: string): OptionField<readonly number[] | undefined> {
  return {
    field,
    read: (table) => (table.has(field) ? table.int32s(field) : undefined),
    store(builder, value) {
      if (value === undefined) return 0;
      builder.startVector(4, value.length, 4);
      for (const one of value.toReversed()) builder.addInt32(one);
      return builder.endVector();
    },
    write: (builder, slot, _value, stored) => builder.addFieldOffset(slot, stored, 0),
  };
}

/** A truth value that the model has only when it is true. */
function flag(field: string): OptionField<true | undefined> {
  return {
    field,
    read: (table) => table.bool(field) || undefined,
    write: (builder, slot, value) => builder.addFieldInt8(slot, value ? 1 : 0, 0),
  };
}

/** ActivationFunctionType, as far as kernels fuse it; TANH and SIGN_BIT follow in the schema. */
const FUSED_ACTIVATIONS: readonly FusedActivation[] = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"];

const PADDINGS: readonly Padding[] = ["SAME", "VALID"];

/** The fields that all sliding windows have. */
const WINDOW_FIELDS = {
  padding: oneOf("padding", PADDINGS),
  strideWidth: integer("stride_w"),
  strideHeight: integer("stride_h"),
  activation: oneOf("fused_activation_function", FUSED_ACTIVATIONS),
};

const DILATION_FIELDS = {
  dilationWidth: integer("dilation_w_factor", 1),
  dilationHeight: integer("dilation_h_factor", 1),
};

/** Pooling's row but for the operator's number. */
const POOL = {
  newestVersion: 3,
  version: versionByType,
  table: {
    name: "Pool2DOptions",
    union: 5,
    slots: slots("padding", "stride_w", "stride_h", "filter_width", "filter_height", "fused_activation_function"),
  },
  fields: { ...WINDOW_FIELDS, filterWidth: integer("filter_width"), filterHeight: integer("filter_height") },
};

/** Version 2 of most operators added int8, version 3 int16. */
function versionByType([input]: readonly (Tensor | undefined)[]): number {
  if (input?.type === "int16") return 3;
  return input?.type === "int8" ? 2 : 1;
}

/** The operators of this package in the file format; a further one is a further row. */
const FORMATS: { readonly [Type in OperatorType]: OperatorFormat<Type> } = {
  FULLY_CONNECTED: {
    code: 9,
    newestVersion: 14,
    version([input, , bias], { keepNumDims }) {
      if (bias === undefined) return 6;
      if (keepNumDims) return 5;
      return input?.type === "int8" ? 4 : 1;
    },
    table: {
      name: "FullyConnectedOptions",
      union: 8,
      // asymmetric_quantize_inputs says something of dynamic range models only
      slots: slots(
        "fused_activation_function",
        "weights_format",
        "keep_num_dims",
        "asymmetric_quantize_inputs",
        "quantized_bias_type",
      ),
      onlyDefault: ["weights_format", "quantized_bias_type"],
    },
    fields: { activation: oneOf("fused_activation_function", FUSED_ACTIVATIONS), keepNumDims: flag("keep_num_dims") },
  },
  CONV_2D: {
    code: 3,
    newestVersion: 8,
    version: ([input]) => (input?.type === "int8" ? 3 : 1),
    table: {
      name: "Conv2DOptions",
      union: 1,
      slots: slots(
        "padding",
        "stride_w",
        "stride_h",
        "fused_activation_function",
        "dilation_w_factor",
        "dilation_h_factor",
        "quantized_bias_type",
      ),
      onlyDefault: ["quantized_bias_type"],
    },
    fields: { ...WINDOW_FIELDS, ...DILATION_FIELDS },
  },
  DEPTHWISE_CONV_2D: {
    code: 4,
    newestVersion: 7,
    version([input], { dilationWidth, dilationHeight }) {
      if (input?.type === "int8") return 3;
      return dilationWidth === 1 && dilationHeight === 1 ? 1 : 2;
    },
    table: {
      name: "DepthwiseConv2DOptions",
      union: 2,
      slots: slots(
        "padding",
        "stride_w",
        "stride_h",
        "depth_multiplier",
        "fused_activation_function",
        "dilation_w_factor",
        "dilation_h_factor",
      ),
    },
    fields: { ...WINDOW_FIELDS, ...DILATION_FIELDS, depthMultiplier: integer("depth_multiplier") },
  },
  AVERAGE_POOL_2D: { code: 1, ...POOL },
  MAX_POOL_2D: { code: 17, ...POOL },
  MEAN: {
    code: 40,
    newestVersion: 3,
    version: versionByType,
    table: { name: "ReducerOptions", union: 27, slots: slots("keep_dims") },
    fields: { keepDims: flag("keep_dims") },
  },
  RESHAPE: {
    code: 22,
    newestVersion: 1,
    version: () => 1,
    table: { name: "ReshapeOptions", union: 17, slots: slots("new_shape") },
    fields: { newShape: integers("new_shape") },
  },
  RELU: { code: 19, newestVersion: 3, version: versionByType, fields: {} },
  LOGISTIC: { code: 14, newestVersion: 3, version: versionByType, fields: {} },
  TANH: { code: 28, newestVersion: 3, version: versionByType, fields: {} },
  SOFTMAX: {
    code: 25,
    newestVersion: 3,
    version: versionByType,
    table: { name: "SoftmaxOptions", union: 9, slots: slots("beta") },
    fields: { beta: number("beta") },
  },
};

const TYPES = new Map(
  Object.keys(FORMATS)
    .filter((type): type is OperatorType => type in FORMATS)
    .map((type) => [FORMATS[type].code, type]),
);

/** The format of an operator; a function so that the format's type follows the operator's. */
export function operatorFormat<Type extends OperatorType>(type: Type): OperatorFormat<Type> {
  return FORMATS[type];
}

/** The operator that a builtin code stands for; undefined for one that this package does not know. */
export function operatorOfCode(code: number): OperatorType | undefined {
  return TYPES.get(code);
}

type Options<Type extends OperatorType> = OperatorOptions[Type];

function fieldsOf<Type extends OperatorType>({ fields }: OperatorFormat<Type>) {
  // Object.entries forgets what the type of `fields` says: a reader and writer for each option, of the option's type
  return Object.entries(fields) as [keyof Options<Type>, OptionField<Options<Type>[keyof Options<Type>]>][];
}

/** A table without fields, followed by nothing: what an absent options table means. Its list of fields comes first. */
const EMPTY_TABLE = Uint8Array.of(4, 0, 4, 0, 4, 0, 0, 0);

/**
 * Reads the options of the operator in `operator`, a table of the schema's type Operator; absent ones are the schema's defaults.
 *
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED for options that this package does not know
 */
export function readOptions<Type extends OperatorType>(
  type: Type,
  operator: FlatTable<keyof typeof OPERATOR>,
): OperatorOptions[Type] {
  const format = operatorFormat(type);
  const table = optionsTable(format.table, operator);
  for (const field of format.table?.onlyDefault ?? []) {
    const value = table.int8(field);
    if (value !== 0) throw unsupported(table.where(field), `is ${value}, which this package does not know`);
  }
  const unknown = table.unknownSlot();
  if (unknown !== undefined) {
    throw unsupported(table.path, `has an option (field ${unknown}) that is newer than this package`);
  }
  const options = fieldsOf(format).flatMap(([name, field]) => {
    const value = field.read(table);
    return value === undefined ? [] : [[name, value]];
  });
  // the fields' type guarantees one reader per option, of the option's type
  return Object.fromEntries(options) as OperatorOptions[Type];
}

function optionsTable(described: OptionsTable | undefined, operator: FlatTable<keyof typeof OPERATOR>): FlatTable {
  const name = described?.name ?? "builtin_options";
  const empty = () => new FlatTable<string>(new FlatFile(EMPTY_TABLE), 4, `${operator.path}.${name}`, slots());
  // operators without options are written with none, or with an empty table that has a name in the schema
  if (described === undefined) return empty();
  const union = operator.uint8("builtin_options_type");
  if (union !== 0 && union !== described.union) {
    throw damaged(operator.where("builtin_options_type"), `is ${union}, where ${described.union} (${name}) is needed`);
  }
  return operator.table("builtin_options", described.slots, `${operator.path}.${name}`) ?? empty();
}

/** Writes an operator's options table; 0 for an operator that has none. */
export function writeOptions<Type extends OperatorType>(
  builder: Builder,
  type: Type,
  options: OperatorOptions[Type],
): number {
  const format = operatorFormat(type);
  if (format.table === undefined) return 0;
  const { slots } = format.table;
  const stored = fieldsOf(format).map(([name, field]) => field.store?.(builder, options[name]) ?? 0);
  builder.startObject(Object.keys(slots).length);
  fieldsOf(format).forEach(([name, field], i) => {
    field.write(builder, slots[field.field] ?? 0, options[name], stored[i] ?? 0);
  });
  return builder.endObject();
}
