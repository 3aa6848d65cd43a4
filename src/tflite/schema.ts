import type { TensorType } from "../model/model";

/*
 * Facts of TensorFlow Lite's schema (version 3, file identifier TFL3): the fields of each table in the order of their
 * slots, and the numbers of its enumerations. A union takes two slots, its type and its table.
 */

/** A table's fields by name: each one's slot. */
export type Slots<Field extends string = string> = Readonly<Record<Field, number>>;

/** Numbers fields in the order in which the schema lists them. */
export function slots<const Fields extends readonly string[]>(...fields: Fields): Slots<Fields[number]> {
  return Object.fromEntries(fields.map((field, slot) => [field, slot])) as Record<Fields[number], number>;
}

/** A file's identifier, at bytes 4 to 7. */
export const FILE_IDENTIFIER = "TFL3";

/** The only version of the schema that has been in use since 2017. */
export const SCHEMA_VERSION = 3;

export const MODEL = slots(
  "version",
  "operator_codes",
  "subgraphs",
  "description",
  "buffers",
  "metadata_buffer",
  "metadata",
  "signature_defs",
  "external_buffer_groups",
  "external_buffers",
);

export const OPERATOR_CODE = slots("deprecated_builtin_code", "custom_code", "version", "builtin_code");

export const SUBGRAPH = slots("tensors", "inputs", "outputs", "operators", "name", "debug_metadata_index");

export const TENSOR = slots(
  "shape",
  "type",
  "buffer",
  "name",
  "quantization",
  "is_variable",
  "sparsity",
  "shape_signature",
  "has_rank",
  "variant_tensors",
  "external_buffer",
);

export const QUANTIZATION = slots(
  "min",
  "max",
  "scale",
  "zero_point",
  "details_type",
  "details",
  "quantized_dimension",
);

export const SPARSITY = slots("traversal_order", "block_map", "dim_metadata");

export const DIMENSION_METADATA = slots(
  "format",
  "dense_size",
  "array_segments_type",
  "array_segments",
  "array_indices_type",
  "array_indices",
);

/** Int32Vector, Uint16Vector and Uint8Vector. */
export const INDEX_VECTOR = slots("values");

export const OPERATOR = slots(
  "opcode_index",
  "inputs",
  "outputs",
  "builtin_options_type",
  "builtin_options",
  "custom_options",
  "custom_options_format",
  "mutating_variable_inputs",
  "intermediates",
  "large_custom_options_offset",
  "large_custom_options_size",
  "builtin_options_2_type",
  "builtin_options_2",
  "debug_metadata_index",
);

export const BUFFER = slots("data", "offset", "size");

export const METADATA = slots("name", "buffer");

export const SIGNATURE_DEF = slots("inputs", "outputs", "signature_key", "deprecated_tag", "subgraph_index");

export const TENSOR_MAP = slots("name", "tensor_index");

/** The enum TensorType, by number. */
const TENSOR_TYPE_NAMES =
  "FLOAT32 FLOAT16 INT32 UINT8 INT64 STRING BOOL INT16 COMPLEX64 INT8 FLOAT64 COMPLEX128 UINT64 RESOURCE VARIANT UINT32 UINT16 INT4 BFLOAT16 INT2 UINT4 FLOAT8_E4M3FN FLOAT8_E5M2".split(
    " ",
  );

/** The number of each tensor type that this package knows. */
export const TENSOR_TYPE_NUMBERS: Readonly<Record<TensorType, number>> = {
  float32: 0,
  float16: 1,
  int32: 2,
  uint8: 3,
  int64: 4,
  bool: 6,
  int16: 7,
  int8: 9,
};

const TENSOR_TYPES = new Map(
  Object.keys(TENSOR_TYPE_NUMBERS)
    .filter((type): type is TensorType => type in TENSOR_TYPE_NUMBERS)
    .map((type) => [TENSOR_TYPE_NUMBERS[type], type]),
);

/** The tensor type of a number, undefined for one that this package does not know. */
export function tensorTypeOf(number: number): TensorType | undefined {
  return TENSOR_TYPES.get(number);
}

/** A tensor type's name for messages, of those too that this package does not know. */
export function tensorTypeName(number: number): string {
  return TENSOR_TYPE_NAMES[number] ?? `type ${number}`;
}

/** The enum BuiltinOperator, by number. */
const BUILTIN_OPERATOR_NAMES = `
  ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
  FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC
  LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH
  SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN
  GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM
  STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM
  CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN
  TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT
  REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY
  SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS
  SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE
  MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2
  DENSIFY SEGMENT_SUM BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D
  IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE
  VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM
  MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX
  UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC
  STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP
  STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL
  STABLEHLO_REDUCE STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR
  STABLEHLO_LOG STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER
  STABLEHLO_RSQRT STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE
  STABLEHLO_CONVERT STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA
  STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER
  STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT
  STABLEHLO_CBRT STABLEHLO_CASE`
  .trim()
  .split(/\s+/);

/** The number of the operator that makes a dense constant of a sparse one. */
export const DENSIFY = 124;

/** The number of the operator that has another graph run before the first sample. */
export const CALL_ONCE = 129;

/** The number of the operator that gives a tensor which stands for a variable. */
export const VAR_HANDLE = 142;

/** The numbers of the operators that take what a variable holds, and change it. */
export const READ_VARIABLE = 143;
export const ASSIGN_VARIABLE = 144;

/** The options of the first two operators, and their numbers in the union BuiltinOptions. */
export const CALL_ONCE_OPTIONS = { union: 103, slots: slots("init_subgraph_index") };
export const VAR_HANDLE_OPTIONS = { union: 111, slots: slots("container", "shared_name") };

/** The number of the type of such tensors. */
export const RESOURCE_TYPE = 13;

/** The number of the operator whose meaning a file defines by itself, by a name in `custom_code`. */
export const CUSTOM_OPERATOR = 32;

/** A builtin operator's name for messages, of those too that this package does not know. */
export function builtinOperatorName(code: number): string {
  return BUILTIN_OPERATOR_NAMES[code] ?? `operator ${code}`;
}
