import { Builder } from "flatbuffers";
import { TinymlError } from "../errors";
import { checkModel } from "../model/check";
import type {
  Model,
  Operator,
  OperatorOf,
  Resource,
  Signature,
  SignatureTensor,
  StoredOperatorType,
  Tensor,
  TensorData,
} from "../model/model";
import { appendFiles } from "./associated-files";
import { encodeLabelMetadata, labelFiles } from "./label-metadata";
import { encodeMetadata, FLOWS_METADATA, LABEL_METADATA } from "./metadata";
import { lowestVersion, operatorFormat, writeOptions } from "./operators";
import {
  BUFFER,
  CALL_ONCE,
  CALL_ONCE_OPTIONS,
  FILE_IDENTIFIER,
  METADATA,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  QUANTIZATION,
  RESOURCE_TYPE,
  SCHEMA_VERSION,
  SIGNATURE_DEF,
  SUBGRAPH,
  TENSOR,
  TENSOR_MAP,
  TENSOR_TYPE_NUMBERS,
  VAR_HANDLE,
  VAR_HANDLE_OPTIONS,
} from "./schema";

export interface WriteOptions {
  /** False leaves out all metadata, ours and others', for arrays that are compiled for boards. Default: true. */
  readonly metadata?: boolean;
}

/** The boundary on which constants start in the file, so that runtimes can use them in place. */
const CONSTANT_ALIGNMENT = 16;

/** Operator codes from here on don't fit the older field for them. */
const FIRST_NEW_CODE = 127;

/**
 * Writes a model as a .tflite file, compactly: equal parts are stored once, and what is a default is left out.
 * Equal models give equal bytes. A model whose metadata has labels gets TensorFlow Lite's label metadata too, with
 * labels.txt in a zip archive at the file's end.
 * Constants that were stored in a sparse form are written dense.
 *
 * @throws TinymlError TINYML_MODEL_INVALID or TINYML_MODEL_UNSUPPORTED naming the part that is wrong (see `checkModel`)
 */
export function writeTflite(model: Model, { metadata = true }: WriteOptions = {}): Uint8Array {
  checkModel(model);
  const entries = metadata ? metadataEntries(model) : [];
  const file = new Writer().model(model, entries);
  return metadata ? appendFiles(file, { ...model.associatedFiles, ...labelFiles(model) }) : file;
}

type MetadataEntry = readonly [name: string, bytes: Uint8Array];

function metadataEntries(model: Model): MetadataEntry[] {
  const own: MetadataEntry[] = [];
  if (model.metadata !== undefined) own.push([FLOWS_METADATA, encodeMetadata(model.metadata)]);
  if (model.metadata?.labels !== undefined) own.push([LABEL_METADATA, encodeLabelMetadata(model)]);
  const ownNames = own.map(([name]) => name);
  return [...own, ...Object.entries(model.otherMetadata ?? {}).filter(([name]) => !ownNames.includes(name))];
}

/** The state of one file's writing: what was stored already and may be pointed to again. */
class Writer {
  readonly #builder = new Builder(1024);
  readonly #vectors = new Map<string, number>();
  /** Offsets of the Buffer tables; the first is the empty one that stands for "no constant". */
  readonly #buffers: number[] = [];
  readonly #constants = new Map<TensorData, number>();
  readonly #codes: number[] = [];
  readonly #codeIndices = new Map<string, number>();

  model(model: Model, entries: readonly MetadataEntry[]): Uint8Array {
    const builder = this.#builder;
    builder.startObject(Object.keys(BUFFER).length);
    this.#buffers.push(builder.endObject());

    const metadata = entries.map(([name, bytes]) => {
      const buffer = this.#buffer(bytes);
      const nameOffset = builder.createSharedString(name);
      builder.startObject(Object.keys(METADATA).length);
      builder.addFieldOffset(METADATA.name, nameOffset, 0);
      builder.addFieldInt32(METADATA.buffer, buffer, 0);
      return builder.endObject();
    });
    const operators = model.operators.map((any) => {
      const operator = storable(any);
      const { code } = operatorFormat(operator.type);
      const version = Math.max(operator.version ?? 1, lowestVersion(operator, model.tensors));
      return this.#operator(operator, this.#codeIndex(code, version));
    });
    const tensors = model.tensors.map((tensor) => this.#tensor(tensor));
    const handles = model.tensors.flatMap(({ resource }, index) => (resource ? this.#handle(resource, index) : []));
    const initial = this.#initialGraph(model);
    const initialize = initial === undefined ? [] : [this.#callOnce(1)];
    const subgraphs = this.#offsets([
      this.#subgraph(model, tensors, [...initialize, ...handles, ...operators]),
      ...(initial === undefined ? [] : [initial]),
    ]);
    const signatures = (model.signatures ?? []).map((signature) => this.#signature(signature));
    const signatureVector = signatures.length > 0 ? this.#offsets(signatures) : 0;

    const description = builder.createSharedString(model.description);
    const metadataVector = metadata.length > 0 ? this.#offsets(metadata) : 0;
    const buffers = this.#offsets(this.#buffers);
    const operatorCodes = this.#offsets(this.#codes);
    builder.startObject(Object.keys(MODEL).length);
    builder.addFieldInt32(MODEL.version, SCHEMA_VERSION, 0);
    builder.addFieldOffset(MODEL.operator_codes, operatorCodes, 0);
    builder.addFieldOffset(MODEL.subgraphs, subgraphs, 0);
    builder.addFieldOffset(MODEL.description, description, 0);
    builder.addFieldOffset(MODEL.buffers, buffers, 0);
    builder.addFieldOffset(MODEL.metadata, metadataVector, 0);
    builder.addFieldOffset(MODEL.signature_defs, signatureVector, 0);
    builder.finish(builder.endObject(), FILE_IDENTIFIER);
    return builder.asUint8Array().slice();
  }

  #signature({ key, inputs, outputs }: Signature): number {
    const builder = this.#builder;
    const map = ({ name, tensor }: SignatureTensor) => {
      const nameOffset = builder.createSharedString(name);
      builder.startObject(Object.keys(TENSOR_MAP).length);
      builder.addFieldOffset(TENSOR_MAP.name, nameOffset, 0);
      builder.addFieldInt32(TENSOR_MAP.tensor_index, tensor, 0);
      return builder.endObject();
    };
    const inputMaps = this.#offsets(inputs.map(map));
    const outputMaps = this.#offsets(outputs.map(map));
    const keyOffset = builder.createSharedString(key);
    builder.startObject(Object.keys(SIGNATURE_DEF).length);
    builder.addFieldOffset(SIGNATURE_DEF.inputs, inputMaps, 0);
    builder.addFieldOffset(SIGNATURE_DEF.outputs, outputMaps, 0);
    builder.addFieldOffset(SIGNATURE_DEF.signature_key, keyOffset, 0);
    return builder.endObject();
  }

  /** The graph that assigns what resource variables begin with; undefined where none begins with anything. */
  #initialGraph({ tensors }: Model): number | undefined {
    const known = new Set<string>();
    const written: number[] = [];
    const operators: number[] = [];
    for (const tensor of tensors) {
      const { variable: _, resource, initial, ...value } = tensor;
      const key = JSON.stringify(resource);
      if (resource === undefined || initial === undefined || known.has(key)) continue;
      known.add(key);
      const handle = written.push(this.#tensor(tensor)) - 1;
      const constant = written.push(this.#tensor({ ...value, data: initial })) - 1;
      const inputs = [handle, constant];
      const code = this.#codeIndex(operatorFormat("ASSIGN_VARIABLE").code, 1);
      operators.push(this.#handle(resource, handle));
      operators.push(this.#operator({ type: "ASSIGN_VARIABLE", inputs, outputs: [], options: {} }, code));
    }
    return written.length === 0 ? undefined : this.#subgraph({ inputs: [], outputs: [] }, written, operators);
  }

  /** The operator that makes a tensor stand for a resource variable. */
  #handle({ container, name }: Resource, tensor: number): number {
    const builder = this.#builder;
    const [containerOffset, nameOffset] = [container, name].map((text) => builder.createSharedString(text));
    const { union, slots } = VAR_HANDLE_OPTIONS;
    builder.startObject(Object.keys(slots).length);
    builder.addFieldOffset(slots.container, containerOffset, 0);
    builder.addFieldOffset(slots.shared_name, nameOffset, 0);
    return this.#bareOperator(VAR_HANDLE, [tensor], union, builder.endObject());
  }

  /** The operator that has a graph run before the first sample. */
  #callOnce(graph: number): number {
    const builder = this.#builder;
    const { union, slots } = CALL_ONCE_OPTIONS;
    builder.startObject(Object.keys(slots).length);
    builder.addFieldInt32(slots.init_subgraph_index, graph, 0);
    return this.#bareOperator(CALL_ONCE, [], union, builder.endObject());
  }

  #bareOperator(code: number, outputs: readonly number[], union: number, options: number): number {
    const builder = this.#builder;
    const index = this.#codeIndex(code, 1);
    const outputVector = this.#int32s(outputs);
    builder.startObject(Object.keys(OPERATOR).length);
    builder.addFieldInt32(OPERATOR.opcode_index, index, 0);
    builder.addFieldOffset(OPERATOR.outputs, outputVector, 0);
    builder.addFieldInt8(OPERATOR.builtin_options_type, union, 0);
    builder.addFieldOffset(OPERATOR.builtin_options, options, 0);
    return builder.endObject();
  }

  #subgraph(
    graph: Pick<Model, "graphName" | "inputs" | "outputs">,
    tensors: readonly number[],
    operators: readonly number[],
  ): number {
    const builder = this.#builder;
    const name = graph.graphName === undefined ? 0 : builder.createSharedString(graph.graphName);
    const operatorVector = this.#offsets(operators);
    const tensorVector = this.#offsets(tensors);
    const inputs = this.#int32s(graph.inputs);
    const outputs = this.#int32s(graph.outputs);
    builder.startObject(Object.keys(SUBGRAPH).length);
    builder.addFieldOffset(SUBGRAPH.tensors, tensorVector, 0);
    builder.addFieldOffset(SUBGRAPH.inputs, inputs, 0);
    builder.addFieldOffset(SUBGRAPH.outputs, outputs, 0);
    builder.addFieldOffset(SUBGRAPH.operators, operatorVector, 0);
    builder.addFieldOffset(SUBGRAPH.name, name, 0);
    return builder.endObject();
  }

  #tensor(tensor: Tensor): number {
    const builder = this.#builder;
    if (tensor.resource !== undefined) {
      const name = builder.createSharedString(tensor.name);
      builder.startObject(Object.keys(TENSOR).length);
      builder.addFieldInt8(TENSOR.type, RESOURCE_TYPE, 0);
      builder.addFieldOffset(TENSOR.name, name, 0);
      return builder.endObject();
    }
    const shape = this.#int32s(tensor.shape);
    const buffer = tensor.data === undefined ? 0 : this.#constant(tensor.data);
    const name = builder.createSharedString(tensor.name);
    const quantization = this.#quantization(tensor);
    const signature = tensor.shapeSignature === undefined ? 0 : this.#int32s(tensor.shapeSignature);
    builder.startObject(Object.keys(TENSOR).length);
    builder.addFieldOffset(TENSOR.shape, shape, 0);
    builder.addFieldInt8(TENSOR.type, TENSOR_TYPE_NUMBERS[tensor.type], 0);
    builder.addFieldInt32(TENSOR.buffer, buffer, 0);
    builder.addFieldOffset(TENSOR.name, name, 0);
    builder.addFieldOffset(TENSOR.quantization, quantization, 0);
    builder.addFieldInt8(TENSOR.is_variable, tensor.variable ? 1 : 0, 0);
    builder.addFieldOffset(TENSOR.shape_signature, signature, 0);
    builder.addFieldInt8(TENSOR.has_rank, tensor.hasRank ? 1 : 0, 0);
    return builder.endObject();
  }

  /** The table of a tensor's scales and ranges; 0 for a tensor that has none. */
  #quantization({ quantization, range }: Tensor): number {
    if (quantization === undefined && range === undefined) return 0;
    const builder = this.#builder;
    const { scales, zeroPoints, axis } = quantization ?? { scales: [], zeroPoints: [], axis: 0 };
    const [minimum, maximum, scaleVector] = [range?.minimum ?? [], range?.maximum ?? [], scales].map((values) =>
      values.length === 0 ? 0 : this.#float32s(values),
    );
    const zeroPointVector = zeroPoints.length === 0 ? 0 : this.#int64s(zeroPoints);
    return this.#shared(`quantization ${minimum} ${maximum} ${scaleVector} ${zeroPointVector} ${axis}`, () => {
      builder.startObject(Object.keys(QUANTIZATION).length);
      builder.addFieldOffset(QUANTIZATION.min, minimum, 0);
      builder.addFieldOffset(QUANTIZATION.max, maximum, 0);
      builder.addFieldOffset(QUANTIZATION.scale, scaleVector, 0);
      builder.addFieldOffset(QUANTIZATION.zero_point, zeroPointVector, 0);
      builder.addFieldInt32(QUANTIZATION.quantized_dimension, axis, 0);
      return builder.endObject();
    });
  }

  #operator(operator: OperatorOf<StoredOperatorType>, codeIndex: number): number {
    const builder = this.#builder;
    const inputs = this.#int32s(operator.inputs);
    const outputs = this.#int32s(operator.outputs);
    const options = this.#shared(`${operator.type} ${JSON.stringify(operator.options)}`, () =>
      writeOptions(builder, operator.type, operator.options),
    );
    const mutatedInputs = operator.mutatedInputs === undefined ? 0 : this.#bools(operator.mutatedInputs);
    const intermediates = operator.intermediates === undefined ? 0 : this.#int32s(operator.intermediates);
    builder.startObject(Object.keys(OPERATOR).length);
    builder.addFieldInt32(OPERATOR.opcode_index, codeIndex, 0);
    builder.addFieldOffset(OPERATOR.inputs, inputs, 0);
    builder.addFieldOffset(OPERATOR.outputs, outputs, 0);
    builder.addFieldInt8(OPERATOR.builtin_options_type, operatorFormat(operator.type).table?.union ?? 0, 0);
    builder.addFieldOffset(OPERATOR.builtin_options, options, 0);
    builder.addFieldOffset(OPERATOR.mutating_variable_inputs, mutatedInputs, 0);
    builder.addFieldOffset(OPERATOR.intermediates, intermediates, 0);
    return builder.endObject();
  }

  /** The index of an operator's code and version among those of the file. */
  #codeIndex(code: number, version: number): number {
    const key = `${code} ${version}`;
    const index = this.#codeIndices.get(key) ?? this.#codes.push(this.#operatorCode(code, version)) - 1;
    this.#codeIndices.set(key, index);
    return index;
  }

  #operatorCode(code: number, version: number): number {
    const builder = this.#builder;
    builder.startObject(Object.keys(OPERATOR_CODE).length);
    // readers take the larger of the two fields, so the older one alone will do where it can hold the code
    builder.addFieldInt8(OPERATOR_CODE.deprecated_builtin_code, Math.min(code, FIRST_NEW_CODE), 0);
    builder.addFieldInt32(OPERATOR_CODE.builtin_code, code < FIRST_NEW_CODE ? 0 : code, 0);
    builder.addFieldInt32(OPERATOR_CODE.version, version, 1);
    return builder.endObject();
  }

  /** The index of the buffer that holds a constant; tensors that share an array share its buffer. */
  #constant(data: TensorData): number {
    const stored = this.#constants.get(data);
    if (stored !== undefined) return stored;
    const index = this.#buffer(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#constants.set(data, index);
    return index;
  }

  /** The index of a new buffer with these bytes. */
  #buffer(bytes: Uint8Array): number {
    const builder = this.#builder;
    builder.prep(CONSTANT_ALIGNMENT, bytes.byteLength);
    const data = builder.createByteVector(bytes);
    builder.startObject(Object.keys(BUFFER).length);
    builder.addFieldOffset(BUFFER.data, data, 0);
    return this.#buffers.push(builder.endObject()) - 1;
  }

  #int32s(values: readonly number[]): number {
    const builder = this.#builder;
    return this.#shared(`int32 ${values}`, () => {
      builder.startVector(4, values.length, 4);
      for (const value of values.toReversed()) builder.addInt32(value);
      return builder.endVector();
    });
  }

  #int64s(values: readonly number[]): number {
    const builder = this.#builder;
    return this.#shared(`int64 ${values}`, () => {
      builder.startVector(8, values.length, 8);
      for (const value of values.toReversed()) builder.addInt64(BigInt(value));
      return builder.endVector();
    });
  }

  #float32s(values: readonly number[]): number {
    const builder = this.#builder;
    return this.#shared(`float32 ${values}`, () => {
      builder.startVector(4, values.length, 4);
      for (const value of values.toReversed()) builder.addFloat32(value);
      return builder.endVector();
    });
  }

  #bools(values: readonly boolean[]): number {
    const builder = this.#builder;
    return this.#shared(`bool ${values}`, () => {
      builder.startVector(1, values.length, 1);
      for (const value of values.toReversed()) builder.addInt8(value ? 1 : 0);
      return builder.endVector();
    });
  }

  #offsets(offsets: readonly number[]): number {
    const builder = this.#builder;
    builder.startVector(4, offsets.length, 4);
    for (const offset of offsets.toReversed()) builder.addOffset(offset);
    return builder.endVector();
  }

  /** What `write` wrote for this key before, or writes now. */
  #shared(key: string, write: () => number): number {
    const offset = this.#vectors.get(key) ?? write();
    this.#vectors.set(key, offset);
    return offset;
  }
}

/** @throws TinymlError TINYML_INTERNAL for an operator that only training has: `foldTraining` was not called */
function storable(operator: Operator): OperatorOf<StoredOperatorType> {
  if (operator.type !== "BATCH_NORMALIZATION" && operator.type !== "DROPOUT") return operator;
  throw new TinymlError("TINYML_INTERNAL", `${operator.type} exists only while training; no file has it.`);
}
