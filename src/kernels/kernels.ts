import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TinymlError } from "../errors";
import { packageFolder } from "../package-folder";
import { type ByteProducts, type InputReading, inputReading } from "./byte-products";
import { Heap } from "./heap";

export type NumberFunction = (...numbers: number[]) => number;

/** The functions of dist/kernels.wasm that TypeScript calls; arguments as in tinyml_kernels.h, pointers as byte addresses. */
const functionNames = [
  "tinyml_dense_float",
  "tinyml_relu_float",
  "tinyml_logistic_float",
  "tinyml_tanh_float",
  "tinyml_softmax_float",
  "tinyml_l2_normalize_float",
  "tinyml_l2_normalize_int8",
  "tinyml_conv_float",
  "tinyml_depthwise_float",
  "tinyml_average_pool_float",
  "tinyml_max_pool_float",
  "tinyml_dense_int8",
  "tinyml_conv_int8",
  "tinyml_depthwise_int8",
  "tinyml_average_pool_int8",
  "tinyml_max_pool_int8",
  "tinyml_host_dense_float",
  "tinyml_host_conv_float",
  "tinyml_host_winograd_float",
  "tinyml_host_pack_panels",
  "tinyml_host_pack_eights",
  "tinyml_host_pack_taps",
  "tinyml_host_dense_int8",
  "tinyml_host_conv_int8",
  "tinyml_host_slide_int8",
  "tinyml_host_depthwise_int8",
  "tinyml_relu_int8",
  "tinyml_logistic_int8",
  "tinyml_tanh_int8",
  "tinyml_softmax_int8",
  "tinyml_softmax_int8_to_int16",
  "tinyml_softmax_int16",
  "tinyml_add_float",
  "tinyml_sub_float",
  "tinyml_mul_float",
  "tinyml_div_float",
  "tinyml_maximum_float",
  "tinyml_minimum_float",
  "tinyml_squared_difference_float",
  "tinyml_floor_div_float",
  "tinyml_floor_mod_float",
  "tinyml_prelu_float",
  "tinyml_add_int8",
  "tinyml_mul_int8",
  "tinyml_maximum_int8",
  "tinyml_minimum_int8",
  "tinyml_squared_difference_int8",
  "tinyml_prelu_int8",
  "tinyml_add_int16",
  "tinyml_mul_int16",
  "tinyml_maximum_int16",
  "tinyml_minimum_int16",
  "tinyml_squared_difference_int16",
  "tinyml_prelu_int16",
  "tinyml_add_int32",
  "tinyml_sub_int32",
  "tinyml_mul_int32",
  "tinyml_maximum_int32",
  "tinyml_minimum_int32",
  "tinyml_squared_difference_int32",
  "tinyml_floor_div_int32",
  "tinyml_floor_mod_int32",
  "tinyml_transpose_conv_float",
  "tinyml_transpose_conv_int8",
  "tinyml_asymmetric_transpose_conv_int8",
  "tinyml_transpose_conv_int16",
  "tinyml_computed_dense_float",
  "tinyml_computed_dense_int8",
  "tinyml_asymmetric_conv_int8",
  "tinyml_conv_int16",
  "tinyml_depthwise_int16",
  "tinyml_average_pool_int16",
  "tinyml_max_pool_int16",
  "tinyml_svdf_float",
  "tinyml_svdf_int8",
  "tinyml_svdf_int8_int16",
  "tinyml_lstm_float",
  "tinyml_lstm_int8",
  "tinyml_lstm_int16",
  "tinyml_logistic_int16",
  "tinyml_tanh_int16",
  "tinyml_activation_float",
  "tinyml_leaky_relu_float",
  "tinyml_hard_swish_float",
  "tinyml_elu_float",
  "tinyml_abs_float",
  "tinyml_neg_float",
  "tinyml_square_float",
  "tinyml_sqrt_float",
  "tinyml_rsqrt_float",
  "tinyml_exp_float",
  "tinyml_log_float",
  "tinyml_lookup_int8",
  "tinyml_relu_int16",
  "tinyml_leaky_relu_int16",
  "tinyml_abs_int16",
  "tinyml_reduce_sum_float",
  "tinyml_reduce_sum_int8",
  "tinyml_reduce_sum_int16",
  "tinyml_reduce_largest_float",
  "tinyml_reduce_smallest_float",
  "tinyml_reduce_largest_int8",
  "tinyml_reduce_smallest_int8",
  "tinyml_place_of_float",
  "tinyml_place_of_int8",
  "tinyml_resize_nearest",
  "tinyml_resize_bilinear_float",
  "tinyml_resize_bilinear_int8",
  "tinyml_copy",
  "tinyml_set_bytes",
  "tinyml_fill",
  "tinyml_gather",
  "tinyml_join_uint8",
  "tinyml_space_to_batch",
  "tinyml_batch_to_space",
  "tinyml_quantize_int8",
  "tinyml_dequantize_int8",
  "tinyml_quantize_uint8",
  "tinyml_dequantize_uint8",
  "tinyml_quantize_int16",
  "tinyml_dequantize_int16",
  "tinyml_dequantize_float16",
  "tinyml_requantize",
  "tinyml_cast",
  "tinyml_normalize",
  "tinyml_statistics_reset",
  "tinyml_statistics_push",
  "tinyml_statistics_features",
  "tinyml_dense_gradient",
  "tinyml_fused_activation_gradient",
  "tinyml_relu_gradient",
  "tinyml_logistic_gradient",
  "tinyml_tanh_gradient",
  "tinyml_softmax_gradient",
  "tinyml_training_conv_float",
  "tinyml_conv_weights_gradient",
  "tinyml_conv_input_gradient",
  "tinyml_bias_gradient",
  "tinyml_depthwise_gradient",
  "tinyml_max_pool_gradient",
  "tinyml_average_pool_gradient",
  "tinyml_relu6_gradient",
  "tinyml_elu_gradient",
  "tinyml_leaky_relu_gradient",
  "tinyml_hard_swish_gradient",
  "tinyml_operand_gradient",
  "tinyml_take_columns",
  "tinyml_add_floats",
  "tinyml_batch_normalization",
  "tinyml_batch_sums",
  "tinyml_batch_squares",
  "tinyml_normalize_batch",
  "tinyml_move_statistics",
  "tinyml_normalization_gradient_sums",
  "tinyml_normalization_gradient",
  "tinyml_philox",
  "tinyml_identity_float",
  "tinyml_dropout",
  "tinyml_mean_absolute_error",
  "tinyml_huber",
  "tinyml_binary_crossentropy",
  "tinyml_rmsprop",
  "tinyml_weight_penalty",
  "tinyml_add_penalty_gradient",
  "tinyml_limit",
  "tinyml_sum_of_squares",
  "tinyml_multiply",
  "tinyml_mean_squared_error",
  "tinyml_categorical_crossentropy",
  "tinyml_count_correct",
  "tinyml_sgd",
  "tinyml_adam",
  "tinyml_exp",
  "tinyml_log",
] as const;

/**
 * Of dist/relaxed-kernels.wasm: float kernels in which relaxed SIMD pays. They take the arguments of their namesakes in
 * dist/kernels.wasm, and work in the memory of these.
 */
const relaxedNames = [
  "tinyml_dense_float",
  "tinyml_host_dense_float",
  "tinyml_host_conv_float",
  "tinyml_host_winograd_float",
] as const;

/** Of dist/relaxed-kernels.wasm too: int8 kernels, which give the bits of the others where `byteInputs` says how. */
const byteNames = ["tinyml_host_dense_bytes", "tinyml_host_conv_bytes", "tinyml_host_slide_bytes"] as const;

type PlainName = (typeof functionNames)[number];

export type KernelName = PlainName | (typeof byteNames)[number];

/** A kernel's name, once it is sure that there is such a kernel. */
export function kernelName(name: string): KernelName {
  const known = [...functionNames, ...byteNames].find((one) => one === name);
  if (known === undefined) throw new TinymlError("TINYML_INTERNAL", `There is no kernel ${name}.`);
  return known;
}

/** The C kernels of this thread, ready to call, and the memory that they work on. */
export interface Kernels {
  /** They give the same bits on every machine and every version of Node. */
  readonly call: Readonly<Record<PlainName, NumberFunction>>;
  /**
   * A kernel that gives the same bits wherever it runs: one of `call`, or one of bytes, which runs where `byteInputs` says.
   * @throws TinymlError TINYML_INTERNAL when the package was not built, or there are no relaxed kernels here
   */
  reproducible(name: KernelName): NumberFunction;
  /**
   * The fastest form of a kernel that this machine runs: of relaxed SIMD, whose floats are rounded as the machine likes
   * best, or the reproducible one. What comes of it must not enter a model.
   * @throws TinymlError TINYML_INTERNAL when the package was not built
   */
  fastest(name: KernelName): NumberFunction;
  /**
   * How the kernels of bytes must take their inputs to give exact sums on this machine; undefined where they can't.
   * @throws TinymlError TINYML_INTERNAL when the package was not built
   */
  byteInputs(): InputReading | undefined;
  readonly heap: Heap;
}

let instance: Kernels | undefined;

/**
 * The kernels of this thread. The first call compiles dist/kernels.wasm, so that a process which never runs a model
 * pays nothing.
 * @throws TinymlError TINYML_INTERNAL when the package was not built or this machine's WebAssembly has no SIMD
 */
export function kernels(): Kernels {
  instance ??= instantiate();
  return instance;
}

function instantiate(): Kernels {
  const file = moduleFile("kernels.wasm");
  const exports = loadModule(file, (bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports);
  const { memory, __heap_base: heapBase } = exports;
  if (
    !(memory instanceof WebAssembly.Memory) ||
    !(heapBase instanceof WebAssembly.Global) ||
    !hasFunctions(exports, functionNames)
  ) {
    throw wrongVersion(file);
  }
  const heap = new Heap(memory, heapBase.value);
  // Only when they are asked for, so that what runs none of these kernels does not pay for them.
  let loaded: { relaxed: RelaxedKernels | undefined } | undefined;
  const relaxedKernels = (): RelaxedKernels | undefined => {
    loaded ??= { relaxed: instantiateRelaxed(memory) };
    return loaded.relaxed;
  };
  const reproducible = (name: KernelName): NumberFunction => {
    if (!isOneOf(byteNames, name)) return exports[name];
    const kernel = relaxedKernels()?.[name];
    if (kernel === undefined) throw new TinymlError("TINYML_INTERNAL", `This machine has no kernel ${name}.`);
    return kernel;
  };
  let probed: { reading: InputReading | undefined } | undefined;
  return {
    call: exports,
    reproducible,
    fastest(name) {
      return (isOneOf(relaxedNames, name) ? relaxedKernels()?.[name] : undefined) ?? reproducible(name);
    },
    byteInputs() {
      const relaxed = probed === undefined ? relaxedKernels() : undefined;
      probed ??= { reading: relaxed && inputReading(byteProducts(relaxed.tinyml_host_multiply_bytes, heap)) };
      return probed.reading;
    },
    heap,
  };
}

type RelaxedKernels = Readonly<
  Record<(typeof relaxedNames | typeof byteNames)[number] | "tinyml_host_multiply_bytes", NumberFunction>
>;

/** The kernels of relaxed SIMD; none where this Node or this machine has no relaxed SIMD. */
function instantiateRelaxed(memory: WebAssembly.Memory): RelaxedKernels | undefined {
  const file = moduleFile("relaxed-kernels.wasm");
  const exports = loadModule(file, (bytes) =>
    WebAssembly.validate(bytes)
      ? new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports
      : undefined,
  );
  if (exports === undefined) return undefined;
  if (!hasFunctions(exports, [...relaxedNames, ...byteNames, "tinyml_host_multiply_bytes"])) throw wrongVersion(file);
  return exports;
}

/** The instruction of the kernels of bytes, by itself. */
function byteProducts(multiply: NumberFunction, heap: Heap): ByteProducts {
  return (weights, inputs, sums) => {
    const weightsAt = heap.allocate(weights.length + inputs.length + sums.byteLength);
    const inputsAt = weightsAt + weights.length;
    const sumsAt = inputsAt + inputs.length;
    heap.int8.set(weights, weightsAt);
    heap.int8.set(inputs, inputsAt);
    heap.int32.set(sums, sumsAt / 4);
    multiply(weightsAt, inputsAt, sumsAt, sums.length / 4);
    const found = heap.int32.slice(sumsAt / 4, sumsAt / 4 + sums.length);
    heap.release(weightsAt);
    return found;
  };
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return names.some((one) => one === name);
}

function moduleFile(name: string): string {
  return join(packageFolder(), "dist", name);
}

function loadModule<Loaded>(file: string, load: (bytes: Uint8Array<ArrayBuffer>) => Loaded): Loaded {
  try {
    return load(readFileSync(file));
  } catch (error) {
    throw new TinymlError("TINYML_INTERNAL", `The kernels could not be loaded from ${file}; reinstall the package.`, {
      cause: error,
    });
  }
}

function wrongVersion(file: string): TinymlError {
  return new TinymlError("TINYML_INTERNAL", `${file} is not from this version; build or install the package again.`);
}

function hasFunctions<Name extends string>(
  exports: WebAssembly.Exports,
  names: readonly Name[],
): exports is WebAssembly.Exports & Record<Name, NumberFunction> {
  return names.every((name) => typeof exports[name] === "function");
}
