import { TinymlError } from "../errors";
import { checkModel } from "../model/check";
import type { Metadata } from "../model/metadata";
import type {
  Model,
  Operator,
  OperatorOf,
  OperatorOptions,
  Quantization,
  Signature,
  SignatureTensor,
  StoredOperatorType,
  Tensor,
  TensorData,
} from "../model/model";
import { elementBytes, mayBeEmpty, tensorDataOver } from "../model/tensor";
import { readAssociatedFiles } from "./associated-files";
import { damaged, FlatFile, type FlatTable, type Span, unsupported } from "./cursor";
import { isTflite } from "./is-tflite";
import { decodeMetadata, FLOWS_METADATA, LABEL_METADATA } from "./metadata";
import { lowestVersion, operatorFormat, operatorNumber, operatorOfCode, readOptions } from "./operators";
import { readSparse } from "./read-sparse";
import { type FileGraph, type FileOperator, readTensors } from "./resources";
import {
  BUFFER,
  builtinOperatorName,
  CALL_ONCE,
  CUSTOM_OPERATOR,
  DENSIFY,
  METADATA,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  QUANTIZATION,
  SCHEMA_VERSION,
  SIGNATURE_DEF,
  SUBGRAPH,
  TENSOR,
  TENSOR_MAP,
  tensorTypeName,
  tensorTypeOf,
  VAR_HANDLE,
} from "./schema";

/**
 * Reads a .tflite file. The bytes may come from anywhere: whatever they are, reading ends in a model that is whole
 * (`checkModel`) or in one of the errors below, in time and memory proportional to the file. The model shares no memory
 * with `bytes`.
 *
 * @param bytes the file; any alignment, so a slice of a larger buffer will do
 * @throws TinymlError TINYML_MODEL_INVALID naming the table and field that is damaged ("SubGraph.tensors[3].shape"),
 *   TINYML_MODEL_UNSUPPORTED naming the operator, type or version that this package can't use and where it stands
 */
export function readTflite(bytes: Uint8Array): Model {
  if (!isTflite(bytes)) {
    throw new TinymlError(
      "TINYML_MODEL_INVALID",
      "This is not a .tflite model: its bytes 4 to 7 are not TFL3. Give a file that was exported as .tflite.",
    );
  }
  const file = new FlatFile(bytes);
  const root = file.root("Model", MODEL);
  const version = root.uint32("version");
  if (version !== SCHEMA_VERSION) {
    throw unsupported(root.where("version"), `is ${version}, this package reads version ${SCHEMA_VERSION}`);
  }
  const buffers = new Buffers(file, root.tables("buffers", BUFFER));
  const codes = root.tables("operator_codes", OPERATOR_CODE);
  // the one graph that is used has one name in all messages, here and in checkModel
  const [subgraph, ...others] = root.tables("subgraphs", SUBGRAPH, (index) =>
    index === 0 ? "SubGraph" : `SubGraph ${index}`,
  );
  if (subgraph === undefined) throw damaged(root.where("subgraphs"), "is empty");
  const graph = fileGraph(subgraph, codes);
  const { tensors, variables, initialGraphs } = readTensors(
    graph,
    (number) => (others[number - 1] ? fileGraph(others[number - 1], codes) : undefined),
    (table) => readTensor(table, buffers),
  );
  const operators = graph.operators
    .flatMap((operator) => readOperator(operator, codes, tensors) ?? [])
    .map((operator) => withVariable(operator, variables));
  // those that only say what variables begin with are done with
  const separate = others.length - initialGraphs.size;
  if (separate > 0) {
    throw unsupported(root.where("subgraphs"), `has ${separate + 1} graphs; this package runs models of one`);
  }
  const { metadata, otherMetadata } = readMetadata(root, buffers);
  const signatures = root.tables("signature_defs", SIGNATURE_DEF).map(readSignature);
  const graphName = subgraph.string("name") ?? "";
  const associatedFiles = readAssociatedFiles(bytes, metadata?.labels !== undefined);
  const model: Model = {
    description: root.string("description") ?? "",
    tensors,
    operators,
    inputs: subgraph.int32s("inputs"),
    outputs: subgraph.int32s("outputs"),
    ...(metadata && { metadata }),
    ...(otherMetadata && { otherMetadata }),
    ...(graphName !== "" && { graphName }),
    ...(signatures.length > 0 && { signatures }),
    ...(associatedFiles && { associatedFiles }),
  };
  checkModel(model);
  return model;
}

/** The file's buffers: constants and metadata, each copied out once per type. */
class Buffers {
  readonly #file: FlatFile;
  readonly #tables: readonly FlatTable<keyof typeof BUFFER>[];
  readonly #copies = new Map<string, TensorData>();

  constructor(file: FlatFile, tables: readonly FlatTable<keyof typeof BUFFER>[]) {
    this.#file = file;
    this.#tables = tables;
  }

  /** A buffer's bytes as elements of `type`; undefined for an empty buffer, which stands for "nothing stored". */
  data<Type extends Tensor["type"]>(index: number, type: Type, where: string): TensorData | undefined {
    const span = this.#span(index, where);
    if (span.length === 0) return undefined;
    const key = `${index} ${type}`;
    const copied = this.#copies.get(key);
    if (copied !== undefined) return copied;
    if (span.length % elementBytes(type) !== 0) {
      throw damaged(where, `has ${span.length} bytes, which are no whole number of ${type} elements`);
    }
    const data = tensorDataOver(type, this.#file.copy(span, where));
    this.#copies.set(key, data);
    return data;
  }

  #span(index: number, where: string): Span {
    const table = this.#tables[index];
    if (table === undefined) throw damaged(where, `is ${index}, but there are ${this.#tables.length} buffers`);
    const inside = table.vector("data", 1);
    if (inside !== undefined) return inside;
    // files above 2 GB keep their buffers behind the flatbuffer; 0 and 1 stand for "not there"
    const start = table.uint64("offset");
    const length = start > 1 ? table.uint64("size") : 0;
    if (length > 0) this.#file.within(start, length, table.where("size"));
    return { start, length };
  }
}

/** The parts of a graph, with the number of each operator. */
function fileGraph(
  table: FlatTable<keyof typeof SUBGRAPH>,
  codes: readonly FlatTable<keyof typeof OPERATOR_CODE>[],
): FileGraph {
  return {
    tensors: table.tables("tensors", TENSOR),
    operators: table.tables("operators", OPERATOR).map((operator) => ({
      number: operatorNumber(codeOf(operator, codes)),
      table: operator,
    })),
  };
}

function codeOf(
  operator: FlatTable<keyof typeof OPERATOR>,
  codes: readonly FlatTable<keyof typeof OPERATOR_CODE>[],
): FlatTable<keyof typeof OPERATOR_CODE> {
  const index = operator.uint32("opcode_index");
  const code = codes[index];
  if (code === undefined) {
    throw damaged(operator.where("opcode_index"), `is ${index}, but there are ${codes.length} operator codes`);
  }
  return code;
}

/** An operator with the one tensor by which its variable is known. */
function withVariable(operator: Operator, variables: ReadonlyMap<number, number>): Operator {
  if (operator.type !== "READ_VARIABLE" && operator.type !== "ASSIGN_VARIABLE") return operator;
  return { ...operator, inputs: operator.inputs.map((index) => variables.get(index) ?? index) };
}

function readTensor(table: FlatTable<keyof typeof TENSOR>, buffers: Buffers): Tensor {
  const number = table.int8("type");
  const type = tensorTypeOf(number);
  if (type === undefined) {
    throw unsupported(table.where("type"), `is ${tensorTypeName(number)}, an element type this package does not know`);
  }
  if (table.uint32("external_buffer") !== 0) {
    throw unsupported(table.where("external_buffer"), "keeps a constant in another file");
  }
  const shape = table.int32s("shape");
  const elements = buffers.data(table.uint32("buffer"), type, table.where("buffer"));
  const stored = readSparse(table, type, shape, elements) ?? elements;
  // nothing is stored of a constant without elements
  const data = stored ?? (shape.includes(0) && mayBeEmpty(type) ? tensorDataOver(type, new ArrayBuffer(0)) : undefined);
  const quantized = table.table("quantization", QUANTIZATION);
  const quantization = readQuantization(quantized);
  const minimum = quantized?.float32s("min") ?? [];
  const maximum = quantized?.float32s("max") ?? [];
  // no spreading: a model has hundreds of tensors, and is read before any function has become fast
  const tensor: { -readonly [Field in keyof Tensor]: Tensor[Field] } = {
    name: table.string("name") ?? "",
    type,
    shape,
  };
  if (data) tensor.data = data;
  if (quantization) tensor.quantization = quantization;
  if (table.bool("is_variable")) tensor.variable = true;
  if (table.bool("has_rank")) tensor.hasRank = true;
  if (table.has("shape_signature")) tensor.shapeSignature = table.int32s("shape_signature");
  if (minimum.length + maximum.length > 0) tensor.range = { minimum, maximum };
  return tensor;
}

function readSignature(table: FlatTable<keyof typeof SIGNATURE_DEF>): Signature {
  const graph = table.uint32("subgraph_index");
  if (graph !== 0) throw damaged(table.where("subgraph_index"), `is ${graph}, but there is one graph`);
  const tensors = (field: "inputs" | "outputs") =>
    table.tables(field, TENSOR_MAP).map((map): SignatureTensor => {
      return { name: map.string("name") ?? "", tensor: map.uint32("tensor_index") };
    });
  return { key: table.string("signature_key") ?? "", inputs: tensors("inputs"), outputs: tensors("outputs") };
}

/** Files that were never quantized have the table too, empty or with the ranges seen in training. */
function readQuantization(table: FlatTable<keyof typeof QUANTIZATION> | undefined): Quantization | undefined {
  if (table === undefined) return undefined;
  if (table.uint8("details_type") !== 0) {
    throw unsupported(table.where("details_type"), "is a way to quantize that this package does not know");
  }
  const scales = table.float32s("scale");
  if (scales.length === 0) return undefined;
  const zeroPoints = table.int64s("zero_point");
  return {
    scales,
    zeroPoints: zeroPoints.length === 0 ? scales.map(() => 0) : zeroPoints,
    axis: table.int32("quantized_dimension"),
  };
}

/** An operator; undefined for one whose work reading has done: making a dense constant of a sparse one, naming variables. */
function readOperator(
  { number, table }: FileOperator,
  codes: readonly FlatTable<keyof typeof OPERATOR_CODE>[],
  tensors: Tensor[],
): Operator | undefined {
  if (number === CALL_ONCE || number === VAR_HANDLE) return undefined;
  const code = codeOf(table, codes);
  if (number === DENSIFY) {
    const [from = -1] = table.int32s("inputs");
    const [to = -1] = table.int32s("outputs");
    const data = tensors[from]?.data;
    if (data === undefined || tensors[to] === undefined) throw damaged(table.path, "is DENSIFY of what is no constant");
    tensors[to] = { ...tensors[to], data };
    return undefined;
  }
  const type = operatorOfCode(number);
  if (type === undefined) {
    const name =
      number === CUSTOM_OPERATOR ? `custom operator ${code.string("custom_code")}` : builtinOperatorName(number);
    throw unsupported(table.path, `is ${name}, which this package does not know`);
  }
  const version = code.int32("version", 1);
  const { newestVersion } = operatorFormat(type);
  if (version < 1 || version > newestVersion) {
    throw unsupported(
      table.path,
      `is ${type} of version ${version}; this package knows versions 1 to ${newestVersion}`,
    );
  }
  const operator = operatorOf(type, table.int32s("inputs"), table.int32s("outputs"), readOptions(type, table));
  const mutatedInputs = table.bools("mutating_variable_inputs");
  const intermediates = table.int32s("intermediates");
  return {
    ...operator,
    ...(version > lowestVersion(operator, tensors) && { version }),
    ...(mutatedInputs.length > 0 && { mutatedInputs }),
    ...(intermediates.length > 0 && { intermediates }),
  };
}

function operatorOf<Type extends StoredOperatorType>(
  type: Type,
  inputs: readonly number[],
  outputs: readonly number[],
  options: OperatorOptions[Type],
): OperatorOf<StoredOperatorType> {
  // `options` belong to `type` by this function's signature, which TypeScript does not carry into the union
  return { type, inputs, outputs, options } as OperatorOf<StoredOperatorType>;
}

/** Our own metadata, and the buffers of others by name. */
function readMetadata(root: FlatTable<keyof typeof MODEL>, buffers: Buffers) {
  const others = new Map<string, Uint8Array>();
  let metadata: Metadata | undefined;
  for (const table of root.tables("metadata", METADATA)) {
    const name = table.string("name") ?? "";
    const data = buffers.data(table.uint32("buffer"), "uint8", table.where("buffer"));
    const bytes = data instanceof Uint8Array ? data : new Uint8Array();
    if (others.has(name) || (name === FLOWS_METADATA && metadata))
      throw damaged(table.where("name"), `repeats ${name}`);
    if (name === FLOWS_METADATA) metadata = decodeMetadata(bytes);
    else others.set(name, bytes);
  }
  // the writer makes the labels' buffer anew from our metadata
  if (metadata?.labels !== undefined) others.delete(LABEL_METADATA);
  return { metadata, otherMetadata: others.size > 0 ? Object.fromEntries(others) : undefined };
}
