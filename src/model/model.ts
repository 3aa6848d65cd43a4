import type { Metadata } from "./metadata";

/** Element types of tensors, by the names TensorFlow Lite gives them, in lower case. */
export type TensorType = "float32" | "float16" | "int8" | "uint8" | "int16" | "int32" | "int64" | "bool";

/** The typed array that holds the elements of each tensor type. float16 is kept as its 16 bits, bool as one byte each. */
export interface TensorArrays {
  float32: Float32Array;
  float16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
}

export type TensorData = TensorArrays[TensorType];

/** real = scale × (stored − zeroPoint); one scale and zero point for the tensor, or one for each index of `axis`. */
export interface Quantization {
  scales: readonly number[];
  zeroPoints: readonly number[];
  axis: number;
}

/** By what the operators of all graphs of a file know a variable. */
export interface Resource {
  /** Empty in most files. */
  container: string;
  name: string;
}

export interface Tensor {
  name: string;
  type: TensorType;
  shape: readonly number[];
  /** The elements, row-major, of a constant (weights, biases); absent for what is computed. */
  data?: TensorData;
  quantization?: Quantization;
  /** Keeps its elements from run to run, as a recurrent layer's state does; `initial`, or zero, when the model is loaded. */
  variable?: true;
  /** What a variable tensor begins with, where the file says it. */
  initial?: TensorData;
  /** Of a variable tensor that the file keeps as a resource: what it is called there. READ_VARIABLE and ASSIGN_VARIABLE take it. */
  resource?: Resource;
  /** Says in newer files that a scalar's empty shape is meant. */
  hasRank?: true;
  /** The shape with −1 where any size will do, as other runtimes can resize it; here the shape alone counts. */
  shapeSignature?: readonly number[];
  /** The ranges of real values that the converter saw; nothing is computed with them. */
  range?: { minimum: readonly number[]; maximum: readonly number[] };
}

/** An activation fused into the operator before it; TensorFlow Lite's names. */
export type FusedActivation = "NONE" | "RELU" | "RELU_N1_TO_1" | "RELU6";

/**
 * How a window meets the picture's edge: with SAME it may stand out over it, on both sides alike, and moves over the whole
 * picture; with VALID it stays inside.
 */
export type Padding = "SAME" | "VALID";

/** How a window slides over a picture. */
export interface WindowOptions {
  padding: Padding;
  strideWidth: number;
  strideHeight: number;
}

/** The distances between the elements of a convolution's window; 1 where they are neighbours. */
export interface DilationOptions {
  dilationWidth: number;
  dilationHeight: number;
}

/** Of int16 models: the type of a layer's bias and of its sums where it has no bias; int64 where it is not said. */
export type QuantizedBiasType = "int32" | "int64";

/** The size of a pooling window. */
export interface PoolOptions extends WindowOptions {
  filterWidth: number;
  filterHeight: number;
  activation: FusedActivation;
}

export interface ReductionOptions {
  keepDims?: true;
}

/** How the places of a picture and of its resized one belong together. */
export interface ResizeOptions {
  /** The first and the last are the same in both. */
  alignCorners?: true;
  /** Elements are squares, with their places in the middle. */
  halfPixelCenters?: true;
}

/** The options of each operator that this package knows; the keys are TensorFlow Lite's builtin operator names. */
export interface OperatorOptions {
  /**
   * inputs: input [batch, in], weights [out, in], bias [out] or −1; output [batch, out]. An input of another rank is
   * taken as [elements / in, in]; with keepNumDims the output keeps its leading dimensions: […, out].
   */
  FULLY_CONNECTED: {
    activation: FusedActivation;
    keepNumDims?: true;
    quantizedBiasType?: QuantizedBiasType;
    /** How other runtimes round the inputs of a layer whose weights are stored in int8; nothing here depends on it. */
    asymmetricQuantizeInputs?: true;
  };
  /**
   * inputs: input [batch, height, width, in], weights [out, height, width, in / groups], bias [out] or −1; output [batch,
   * height, width, out]. With several groups, each group of outputs sees the group of inputs in its place.
   */
  CONV_2D: WindowOptions & DilationOptions & { activation: FusedActivation; quantizedBiasType?: QuantizedBiasType };
  /** inputs: input [batch, height, width, in], weights [1, height, width, out], bias [out] or −1; out = in × depthMultiplier. */
  DEPTHWISE_CONV_2D: WindowOptions & DilationOptions & { depthMultiplier: number; activation: FusedActivation };
  /**
   * inputs: the output's shape, weights [out, height, width, in], input [batch, height, width, in], bias [out]
   * or −1; output [batch, height, width, out], of which a convolution with these options makes the input's height and width.
   */
  TRANSPOSE_CONV: WindowOptions & { activation: FusedActivation; quantizedBiasType?: QuantizedBiasType };
  /** Over [batch, height, width, channels]. */
  AVERAGE_POOL_2D: PoolOptions;
  MAX_POOL_2D: PoolOptions;
  /** inputs: input, the axes (a constant); keepDims leaves a 1 in the place of each axis. */
  MEAN: ReductionOptions;
  SUM: ReductionOptions;
  /** The largest. */
  REDUCE_MAX: ReductionOptions;
  /** The smallest. */
  REDUCE_MIN: ReductionOptions;
  /** The place of the largest; inputs: input, the axis (a constant); the output tensor has the type that is named. */
  ARG_MAX: { outputType: "int32" | "int64" };
  /** The place of the smallest. */
  ARG_MIN: { outputType: "int32" | "int64" };
  /** input [batch, height, width, channels], the new height and width (a constant). */
  RESIZE_NEAREST_NEIGHBOR: ResizeOptions;
  RESIZE_BILINEAR: ResizeOptions;
  /** The dimensions of its input; the output tensor has the type that is named. */
  SHAPE: { outputType: "int32" | "int64" };
  /** inputs: input, and the new shape (a constant) or −1, then `newShape` has it; −1 in it stands for what is left. */
  RESHAPE: { newShape?: readonly number[] };
  /**
   * inputs: two of the same type, constant or computed, that are repeated to one shape as NumPy broadcasts. With
   * powerOfTwoScales, the scales of int16 tensors are powers of two, and older runtimes compute with that.
   */
  ADD: { activation: FusedActivation; powerOfTwoScales: boolean };
  SUB: { activation: FusedActivation; powerOfTwoScales: boolean };
  MUL: { activation: FusedActivation };
  DIV: { activation: FusedActivation };
  MAXIMUM: Record<never, never>;
  MINIMUM: Record<never, never>;
  /** (a − b)² */
  SQUARED_DIFFERENCE: Record<never, never>;
  /** The largest whole number not above a / b. */
  FLOOR_DIV: Record<never, never>;
  /** What is left of a then, with the sign of b: a − b × FLOOR_DIV. */
  FLOOR_MOD: Record<never, never>;
  /** inputs: input, alpha (a constant) that is repeated to the input's shape: negative numbers become alpha × input. */
  PRELU: Record<never, never>;
  /** To integers that stand for the same real numbers, or to other ones. */
  QUANTIZE: Record<never, never>;
  DEQUANTIZE: Record<never, never>;
  /** The same numbers in another type, as far as it has them. */
  CAST: Record<never, never>;
  /** Without its dimensions of 1: those of `axes` (below 0 from the end), or all where there are none. */
  SQUEEZE: { axes?: readonly number[] };
  /** inputs: input, and the place of the new dimension of 1 (a constant; below 0 from the end). */
  EXPAND_DIMS: Record<never, never>;
  /** inputs: any number of tensors that differ along the axis only (below 0 from the end); one after the other. */
  CONCATENATION: { axis: number; activation: FusedActivation };
  /** inputs: `count` tensors of one shape; the output has one dimension more, `axis`, along which they follow each other. */
  PACK: { count: number; axis: number };
  /** The reverse of PACK: outputs: `count` tensors without the dimension `axis` of the input. */
  UNPACK: { count: number; axis: number };
  /** inputs: the axis (a constant), input; outputs: `count` equal parts of it. */
  SPLIT: { count: number };
  /** inputs: input, the parts' sizes (a constant; one may be −1, for what is left), the axis (a constant); outputs: the parts. */
  SPLIT_V: { count: number };
  /** inputs: input, and the axes (constant) along which its order is reversed. */
  REVERSE_V2: Record<never, never>;
  /**
   * inputs: input, and paddings (constant [rank, 2], before and after each dimension), which are filled with what lies
   * behind the edge as in a mirror: with the edge itself (symmetric) or without it (reflect).
   */
  MIRROR_PAD: { mode: "REFLECT" | "SYMMETRIC" };
  /**
   * inputs: input, and the indices (int32, of any shape) of what is taken along `axis`; indices outside of it are taken as
   * the first or the last. The first `batchDimensions` of both are the same: each batch has indices of its own.
   */
  GATHER: { axis: number; batchDimensions: number };
  /** inputs: input, and where its part begins and how large it is (constants, a number per dimension; size −1: to the end). */
  SLICE: Record<never, never>;
  /**
   * inputs: input, and begin, end and strides of its part (constants, an entry per dimension). Bit i of a mask is for entry
   * i: begin or end are the dimension's own; the entry stands for all dimensions that have none (ellipsis), adds one of 1,
   * or takes one index and drops the dimension (shrink). With `offset`, end counts from begin.
   */
  STRIDED_SLICE: {
    beginMask: number;
    endMask: number;
    ellipsisMask: number;
    newAxisMask: number;
    shrinkAxisMask: number;
    offset?: true;
  };
  /** inputs: input, and for each dimension of the output the input's (a constant). */
  TRANSPOSE: Record<never, never>;
  /** inputs: input, and how many elements of the real value 0 come before and behind it (a constant [dimensions, 2]). */
  PAD: Record<never, never>;
  /** As PAD; a third input has the value of the new elements. */
  PADV2: Record<never, never>;
  /** inputs: the shape (a constant), and the value of all elements. */
  FILL: Record<never, never>;
  /** inputs: input, and how often it is repeated along each dimension (a constant). */
  TILE: Record<never, never>;
  /** inputs: input, and the shape (a constant) to which its dimensions of 1 are repeated. */
  BROADCAST_TO: Record<never, never>;
  /**
   * inputs: input [batch, height, width, …], the block's size and how much is put around the pictures before they are cut
   * (constants [2] and [2, 2]); or [batch, length, …] with one dimension. Elements of one place in their blocks make a picture.
   */
  SPACE_TO_BATCH_ND: Record<never, never>;
  /** The reverse of SPACE_TO_BATCH_ND; what it cuts off around the pictures is the third input. */
  BATCH_TO_SPACE_ND: Record<never, never>;
  /** input [batch, height, width, depth]: blocks of blockSize × blockSize elements become one of as many times the depth. */
  SPACE_TO_DEPTH: { blockSize: number };
  /** The reverse of SPACE_TO_DEPTH. */
  DEPTH_TO_SPACE: { blockSize: number };
  RELU: Record<never, never>;
  RELU6: Record<never, never>;
  RELU_N1_TO_1: Record<never, never>;
  /** Negative numbers become alpha × input. */
  LEAKY_RELU: { alpha: number };
  HARD_SWISH: Record<never, never>;
  ELU: Record<never, never>;
  ABS: Record<never, never>;
  NEG: Record<never, never>;
  SQUARE: Record<never, never>;
  SQRT: Record<never, never>;
  /** 1 / √x */
  RSQRT: Record<never, never>;
  EXP: Record<never, never>;
  LOG: Record<never, never>;
  LOGISTIC: Record<never, never>;
  TANH: Record<never, never>;
  /**
   * inputs: input [batch, in], feature weights [units × rank, in], time weights [units × rank, memory], bias [units] or −1,
   * state [batch, units × rank × memory]; output [batch, units].
   */
  SVDF: { rank: number; activation: FusedActivation };
  /**
   * inputs: input [batch, time, in] (timeMajor: [time, batch, in]); for the gates input, forget, cell and output each
   * weights [units, in], then recurrent weights [units, units]; −1 for three peepholes; biases [units]; −1 for a projection
   * and its bias; hidden state and cell state [batch, units]; four times −1 or nothing. Output as the input, with units.
   * A clip of 0 clips nothing.
   */
  UNIDIRECTIONAL_SEQUENCE_LSTM: { activation: "TANH"; cellClip: number; projectionClip: number; timeMajor?: true };
  /** inputs: a variable tensor; the output is a copy of what it holds at this place of the graph. */
  READ_VARIABLE: Record<never, never>;
  /** inputs: a variable tensor, and what it holds from here on; no output. */
  ASSIGN_VARIABLE: Record<never, never>;
  /** Over the last axis: its numbers divided by the square root of the sum of their squares. */
  L2_NORMALIZATION: Record<never, never>;
  /** Over the last axis. */
  SOFTMAX: { beta: number };
  /**
   * Only while training; export folds it away. inputs: input [batch, …, channels]; gamma, beta, mean and variance
   * [channels]: gamma (x − mean) / √(variance + epsilon) + beta, in training with the batch's own mean and variance, of
   * which 1 − momentum goes into the inputs mean and variance.
   */
  BATCH_NORMALIZATION: { epsilon: number; momentum: number };
  /**
   * Only while training; export leaves it out. A share of the numbers becomes 0, the others grow by 1 / (1 − rate); with
   * `channels` whole channels at once.
   */
  DROPOUT: { rate: number; channels?: true };
}

export type OperatorType = keyof OperatorOptions;

/** Operators that exist only while training: no file has them. */
export type TrainingOperatorType = "BATCH_NORMALIZATION" | "DROPOUT";

/** Operators that files have; TensorFlow Lite's builtin operator names. */
export type StoredOperatorType = Exclude<OperatorType, TrainingOperatorType>;

/** Operators of these types; `inputs` and `outputs` index the model's tensors, −1 is an input that is left out. */
export type OperatorOf<Type extends OperatorType> = {
  [T in Type]: {
    type: T;
    inputs: readonly number[];
    outputs: readonly number[];
    options: OperatorOptions[T];
    /** Tensors that are never stored, which say how values inside of the operator are quantized. */
    intermediates?: readonly number[];
    /** For each input whether the file says that the operator changes it; `Tensor.variable` alone counts here. */
    mutatedInputs?: readonly boolean[];
    /** The operator's version that the file names, where it is above the lowest one that has what is used. */
    version?: number;
  };
}[Type];

/** An operator of the graph. */
export type Operator = OperatorOf<OperatorType>;

/** A name by which other runtimes call the graph, with names of their own for its inputs and outputs. */
export interface Signature {
  key: string;
  inputs: readonly SignatureTensor[];
  outputs: readonly SignatureTensor[];
}

export interface SignatureTensor {
  name: string;
  tensor: number;
}

/** A model as plain data: what a .tflite file holds. Operators stand in the order in which they run. */
export interface Model {
  description: string;
  tensors: readonly Tensor[];
  operators: readonly Operator[];
  /** Indices of the tensors that the caller fills. */
  inputs: readonly number[];
  /** Indices of the tensors that the caller reads. */
  outputs: readonly number[];
  /** What a user must know of the model; absent in files that another tool wrote. */
  metadata?: Metadata;
  /** The file's other `metadata` buffers by name, kept as they are. */
  otherMetadata?: Readonly<Record<string, Uint8Array>>;
  /** The graph's name in the file. */
  graphName?: string;
  signatures?: readonly Signature[];
  /** Files that travel with the model, by name: TensorFlow Lite's labels and vocabularies, in a zip archive at the file's end. */
  associatedFiles?: Readonly<Record<string, Uint8Array>>;
}
