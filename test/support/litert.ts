import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/*
 * TensorFlow Lite's own runtime, LiteRT, in this process: the tests' judge of the files we write and the numbers we
 * compute. The JavaScript of @litertjs/core wants a browser and refuses int8, so its WASM module is driven directly.
 */

/** A C++ object behind embind; it lives until `delete`. */
interface Native {
  delete(): void;
}

interface NativeVector<Element> extends Native {
  size(): number;
  get(index: number): Element;
  push_back(element: Element): void;
}

interface NativeLayout extends Native {
  dimensions(): NativeVector<number>;
}

interface NativeTensorType extends Native {
  elementType(): { value: number };
  layout(): NativeLayout;
  bytes(): number;
}

interface NativeBuffer extends Native {
  lock(mode: unknown): number;
  unlock(): void;
  packedSize(): number;
}

interface NativeSignature extends Native {
  inputNames(): NativeVector<string>;
  outputNames(): NativeVector<string>;
}

interface NativeModel extends Native {
  getSignature(index: number): NativeSignature;
  getInputTensorType(signature: number, index: number): NativeTensorType;
  getOutputTensorType(signature: number, index: number): NativeTensorType;
}

interface NativeCompiledModel extends Native {
  run(signature: number, inputs: readonly NativeBuffer[]): NativeBuffer[] | Promise<NativeBuffer[]>;
}

interface Module {
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  setupLogging?(): void;
  LiteRtEnvironment: { create(options: null): Native };
  VectorInt32: new () => NativeVector<number>;
  LiteRtLayout: { create(dimensions: NativeVector<number>): NativeLayout };
  LiteRtRankedTensorType: { create(elementType: { value: number }, layout: NativeLayout): NativeTensorType };
  LiteRtTensorBuffer: {
    createManaged(environment: Native, kind: unknown, type: NativeTensorType, bytes: number): NativeBuffer;
  };
  LiteRtTensorBufferType: { HOST_MEMORY: unknown };
  LiteRtTensorBufferLockMode: { READ: unknown; WRITE: unknown };
  loadModel(environment: Native, pointer: number, bytes: number): NativeModel;
  compileModel(environment: Native, model: NativeModel, options: unknown): Promise<NativeCompiledModel>;
}

export type LiteRtArray = Float32Array | Int32Array | Uint8Array | Int8Array | Int16Array;

/** LiteRT's numbers of element types, and the arrays that hold them. */
const ARRAYS = new Map<number, (buffer: ArrayBuffer) => LiteRtArray>([
  [1, (buffer) => new Float32Array(buffer)],
  [2, (buffer) => new Int32Array(buffer)],
  [3, (buffer) => new Uint8Array(buffer)],
  [7, (buffer) => new Int16Array(buffer)],
  [9, (buffer) => new Int8Array(buffer)],
]);

export interface LiteRtTensor {
  readonly name: string;
  /** Dynamic dimensions are 1. */
  readonly shape: readonly number[];
}

/** A model in LiteRT. */
export interface LiteRtModel {
  readonly inputs: readonly LiteRtTensor[];
  readonly outputs: readonly LiteRtTensor[];
  /** One array per input, in the input's own type; gives one per output. */
  run(inputs: readonly LiteRtArray[]): Promise<LiteRtArray[]>;
  dispose(): void;
}

let loading: Promise<{ module: Module; environment: Native }> | undefined;

/** Loads a .tflite file into LiteRT, on one thread with XNNPACK; rejects when LiteRT refuses the file. */
export async function loadInLiteRt(bytes: Uint8Array): Promise<LiteRtModel> {
  loading ??= start();
  const { module, environment } = await loading;
  const pointer = module._malloc(bytes.byteLength);
  module.HEAPU8.set(bytes, pointer);
  const model = module.loadModel(environment, pointer, bytes.byteLength);
  const compiled = await module.compileModel(environment, model, {
    environment: { liteRtEnvironment: environment },
    accelerator: "wasm",
    cpuOptions: { numThreads: 1 },
    gpuOptions: {},
    webNNOptions: {},
  });
  const signature = model.getSignature(0);
  const inputs = list(signature.inputNames()).map((name, i) => describe(module, name, model.getInputTensorType(0, i)));
  const outputs = list(signature.outputNames()).map((name, i) =>
    describe(module, name, model.getOutputTensorType(0, i)),
  );
  signature.delete();
  const buffers = inputs.map(({ type }) =>
    module.LiteRtTensorBuffer.createManaged(environment, module.LiteRtTensorBufferType.HOST_MEMORY, type, type.bytes()),
  );
  return {
    inputs,
    outputs,
    async run(arrays) {
      buffers.forEach((buffer, i) => {
        write(module, buffer, arrays[i]);
      });
      const results = await compiled.run(0, buffers);
      return results.map((buffer, i) => {
        const array = read(module, buffer, outputs[i]?.array);
        buffer.delete();
        return array;
      });
    },
    dispose() {
      for (const native of [...buffers, compiled, model]) native.delete();
      module._free(pointer);
    },
  };
}

async function start(): Promise<{ module: Module; environment: Native }> {
  const require = createRequire(__filename);
  const folder = path.join(path.dirname(require.resolve("@litertjs/core/package.json")), "wasm");
  // of its builds the one without relaxed SIMD, which Node 20 does not have
  const file = path.join(folder, "litert_wasm_compat_internal.js");
  // the package declares ES modules, but this file is a script that defines ModuleFactory and expects CommonJS around it
  const evaluate = new Function(
    "require",
    "__dirname",
    "__filename",
    `${readFileSync(file, "utf8")}\nreturn ModuleFactory;`,
  );
  const factory: (options: object) => Promise<Module> = evaluate(createRequire(file), folder, file);
  const module = await factory({ print() {}, printErr() {} });
  module.setupLogging?.();
  return { module, environment: module.LiteRtEnvironment.create(null) };
}

function list<Element>(vector: NativeVector<Element>): Element[] {
  const elements = Array.from({ length: vector.size() }, (_, i) => vector.get(i));
  vector.delete();
  return elements;
}

function describe(module: Module, name: string, type: NativeTensorType) {
  const layout = type.layout();
  const declared = list(layout.dimensions());
  layout.delete();
  const array = ARRAYS.get(type.elementType().value);
  if (array === undefined) throw new Error(`tensor ${name} has the element type ${type.elementType().value}`);
  const shape = declared.map((dimension) => Math.max(dimension, 1));
  if (declared.every((dimension) => dimension > 0)) return { name, shape, array, type };
  const dimensions = new module.VectorInt32();
  for (const dimension of shape) dimensions.push_back(dimension);
  const pinned = module.LiteRtLayout.create(dimensions);
  dimensions.delete();
  return {
    name,
    shape,
    array,
    type: module.LiteRtRankedTensorType.create({ value: type.elementType().value }, pinned),
  };
}

function write(module: Module, buffer: NativeBuffer, array: LiteRtArray | undefined): void {
  if (array === undefined || array.byteLength !== buffer.packedSize()) {
    throw new Error(`an input has ${array?.byteLength} bytes where ${buffer.packedSize()} are needed`);
  }
  const pointer = buffer.lock(module.LiteRtTensorBufferLockMode.WRITE);
  module.HEAPU8.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), pointer);
  buffer.unlock();
}

function read(module: Module, buffer: NativeBuffer, over: ((buffer: ArrayBuffer) => LiteRtArray) | undefined) {
  const pointer = buffer.lock(module.LiteRtTensorBufferLockMode.READ);
  const bytes = new Uint8Array(module.HEAPU8.subarray(pointer, pointer + buffer.packedSize()));
  buffer.unlock();
  if (over === undefined) throw new Error("LiteRT gave more outputs than the model has");
  return over(bytes.buffer);
}
