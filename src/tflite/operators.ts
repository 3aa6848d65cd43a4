import type { Builder } from "flatbuffers";
import type { FusedActivation, OperatorOptions, OperatorType, Tensor } from "../model/model";
import { damaged, FlatFile, FlatTable, unsupported } from "./cursor";
import { type OPERATOR, type Slots, slots } from "./schema";

/** How one option is read from and written to a field of the operator's options table. `undefined` is left out. */
interface OptionField<Value> {
  readonly field: string;
  read(table: FlatTable): Value;
  write(builder: Builder, slot: number, value: Value): void;
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
  builder.startObject(Object.keys(slots).length);
  for (const [name, field] of fieldsOf(format)) field.write(builder, slots[field.field] ?? 0, options[name]);
  return builder.endObject();
}
