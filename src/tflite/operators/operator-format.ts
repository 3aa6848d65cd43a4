import type { Builder } from "flatbuffers";
import type {
  FusedActivation,
  OperatorOptions,
  OperatorType,
  Padding,
  QuantizedBiasType,
  Tensor,
} from "../../model/model";
import { type FlatTable, unsupported } from "../cursor";
import { type Slots, TENSOR_TYPE_NUMBERS, tensorTypeOf } from "../schema";

/** How one option is read from and written to a field of the operator's options table. `undefined` is left out. */
export interface OptionField<Value> {
  readonly field: string;
  read(table: FlatTable): Value;
  /** Stores what lies outside of the table, before the table is begun; gives its offset to `write`. */
  store?(builder: Builder, value: Value): number;
  write(builder: Builder, slot: number, value: Value, stored: number): void;
}

/** The table of the schema that holds an operator's options, in the union BuiltinOptions. */
export interface OptionsTable {
  readonly name: string;
  /** Its number in the union. */
  readonly union: number;
  readonly slots: Slots;
  /** Fields that this package knows only by their default; with another value the operator computes something else. */
  readonly onlyDefault?: readonly string[];
}

/** An operator in the file: all that reading and writing must know of it. */
export interface OperatorFormat<Type extends OperatorType> {
  /** Its number in the enum BuiltinOperator. */
  readonly code: number;
  /** The newest version that is read: what later versions add is told by types and options, which are checked. */
  readonly newestVersion: number;
  /** The lowest version that has what this operator uses; runtimes refuse versions above those they know. */
  version(inputs: readonly (Tensor | undefined)[], options: OperatorOptions[Type], outputs: readonly Tensor[]): number;
  /** Absent for operators without options. */
  readonly table?: OptionsTable;
  /** One per option of the model's operator. */
  readonly fields: { readonly [Name in keyof OperatorOptions[Type]]-?: OptionField<OperatorOptions[Type][Name]> };
}

/** An enumeration of one byte whose names are listed by number. */
export function oneOf<const Name extends string>(field: string, names: readonly Name[]): OptionField<Name> {
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

export function number(field: string): OptionField<number> {
  return {
    field,
    // 0 for −0 too, which is written as the default
    read: (table) => table.float32(field) + 0,
    write: (builder, slot, value) => builder.addFieldFloat32(slot, value, 0),
  };
}

export function integer(field: string, absent = 0): OptionField<number> {
  return {
    field,
    read: (table) => table.int32(field, absent),
    write: (builder, slot, value) => builder.addFieldInt32(slot, value, absent),
  };
}

/** A list of whole numbers that the model has only when the file has it. */
export function integerList(field: string): OptionField<readonly number[] | undefined> {
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
export function flag(field: string): OptionField<true | undefined> {
  return {
    field,
    read: (table) => table.bool(field) || undefined,
    write: (builder, slot, value) => builder.addFieldInt8(slot, value ? 1 : 0, 0),
  };
}

/** ActivationFunctionType, as far as kernels fuse it; TANH and SIGN_BIT follow in the schema. */
export const FUSED_ACTIVATIONS: readonly FusedActivation[] = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6"];

export const PADDINGS: readonly Padding[] = ["SAME", "VALID"];

/** The type that indices and dimensions are told in. */
export const OUTPUT_TYPE: OptionField<"int32" | "int64"> = {
  field: "output_type",
  read(table) {
    const type = tensorTypeOf(table.int8("output_type"));
    if (type === "int32" || type === "int64") return type;
    throw unsupported(table.where("output_type"), "is another type than int32 or int64");
  },
  write: (builder, slot, value) => builder.addFieldInt8(slot, TENSOR_TYPE_NUMBERS[value], 0),
};

/** The type of bias and sums that int16 layers name. */
export const QUANTIZED_BIAS_TYPE: OptionField<QuantizedBiasType | undefined> = {
  field: "quantized_bias_type",
  read(table) {
    const type = tensorTypeOf(table.int8("quantized_bias_type"));
    if (type === "int32" || type === "int64") return type;
    if (type === "float32") return undefined;
    throw unsupported(table.where("quantized_bias_type"), "is another type than int32 or int64");
  },
  write: (builder, slot, value) => builder.addFieldInt8(slot, value === undefined ? 0 : TENSOR_TYPE_NUMBERS[value], 0),
};

/** The fields that all sliding windows have. */
export const WINDOW_FIELDS = {
  padding: oneOf("padding", PADDINGS),
  strideWidth: integer("stride_w"),
  strideHeight: integer("stride_h"),
  activation: oneOf("fused_activation_function", FUSED_ACTIVATIONS),
};

export const DILATION_FIELDS = {
  dilationWidth: integer("dilation_w_factor", 1),
  dilationHeight: integer("dilation_h_factor", 1),
};

/** Version 2 of most operators added int8, version 3 int16. */
export function versionByType([input]: readonly (Tensor | undefined)[]): number {
  if (input?.type === "int16") return 3;
  return input?.type === "int8" ? 2 : 1;
}

/** The rows of a family of operators. */
export type OperatorFormats<Type extends OperatorType> = { readonly [T in Type]: OperatorFormat<T> };
