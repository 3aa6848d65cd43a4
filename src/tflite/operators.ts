import type { Builder } from "flatbuffers";
import type { OperatorOf, OperatorOptions, StoredOperatorType, Tensor } from "../model/model";
import { damaged, FlatFile, FlatTable, unsupported } from "./cursor";
import { ALL_FORMATS } from "./operators/all";
import { COMMON_FORMATS } from "./operators/common";
import type { OperatorFormat, OptionField, OptionsTable } from "./operators/operator-format";
import { type OPERATOR, type OPERATOR_CODE, slots } from "./schema";

const common: { readonly [Type in StoredOperatorType]?: OperatorFormat<Type> } = COMMON_FORMATS;

/** The format of an operator; a function so that the format's type follows the operator's, and rare ones are loaded when they are met. */
export function operatorFormat<Type extends StoredOperatorType>(type: Type): OperatorFormat<Type> {
  return common[type] ?? ALL_FORMATS[type];
}

/** The operator that a builtin code stands for; undefined for one that this package does not know. */
export function operatorOfCode(code: number): StoredOperatorType | undefined {
  return typeOf(COMMON_FORMATS, code) ?? typeOf(ALL_FORMATS, code);
}

function typeOf<Type extends StoredOperatorType>(
  formats: Readonly<Record<Type, { readonly code: number }>>,
  code: number,
): Type | undefined {
  for (const type in formats) if (formats[type].code === code) return type;
  return undefined;
}

/** The number of an operator code in the enum BuiltinOperator: up to 127 it stands in the older field, in newer files in both. */
export function operatorNumber(code: FlatTable<keyof typeof OPERATOR_CODE>): number {
  return Math.max(code.int8("deprecated_builtin_code"), code.int32("builtin_code"));
}

/** The lowest version of an operator that has what it uses. */
export function lowestVersion(
  { type, inputs, outputs, options }: OperatorOf<StoredOperatorType>,
  tensors: readonly Tensor[],
): number {
  return operatorFormat(type).version(
    inputs.map((index) => tensors[index]),
    options,
    outputs.map((index) => tensors[index]),
  );
}

type Options<Type extends StoredOperatorType> = OperatorOptions[Type];

function fieldsOf<Type extends StoredOperatorType>({ fields }: OperatorFormat<Type>) {
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
export function readOptions<Type extends StoredOperatorType>(
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
  const options: Partial<Options<Type>> = {};
  for (const [name, field] of fieldsOf(format)) {
    const value = field.read(table);
    if (value !== undefined) options[name] = value;
  }
  // the fields' type guarantees one reader per option, of the option's type
  return options as Options<Type>;
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
export function writeOptions<Type extends StoredOperatorType>(
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
