import type { Resource, Tensor, TensorData } from "../model/model";
import { damaged, type FlatTable, unsupported } from "./cursor";
import {
  ASSIGN_VARIABLE,
  builtinOperatorName,
  CALL_ONCE,
  CALL_ONCE_OPTIONS,
  type OPERATOR,
  READ_VARIABLE,
  RESOURCE_TYPE,
  type TENSOR,
  tensorTypeName,
  VAR_HANDLE,
  VAR_HANDLE_OPTIONS,
} from "./schema";

/*
 * Streaming models keep their state in resource variables: VAR_HANDLE gives a tensor of the type RESOURCE that stands for
 * a variable's name, READ_VARIABLE and ASSIGN_VARIABLE take it, and a graph of its own, which CALL_ONCE runs before the
 * first sample, assigns what the variables begin with. In a model they are variable tensors with `resource` and `initial`,
 * in the place of the tensors of the type RESOURCE; here one becomes the other.
 */

/** An operator as it stands in the file, with its number in the enum BuiltinOperator. */
export interface FileOperator {
  readonly number: number;
  readonly table: FlatTable<keyof typeof OPERATOR>;
}

/** A graph as it stands in the file. */
export interface FileGraph {
  readonly tensors: readonly FlatTable<keyof typeof TENSOR>[];
  readonly operators: readonly FileOperator[];
}

/** The tensors of a graph, and where their variables come from. */
export interface GraphTensors {
  readonly tensors: Tensor[];
  /** The tensor by which READ_VARIABLE and ASSIGN_VARIABLE know a variable, for each tensor that stands for it. */
  readonly variables: ReadonlyMap<number, number>;
  /** The numbers of the graphs that say what the variables begin with. */
  readonly initialGraphs: ReadonlySet<number>;
}

/**
 * Reads the tensors of a graph, resource variables among them.
 *
 * @param graphAt a graph of the file by its number
 * @param read reads a tensor that is no resource
 * @throws TinymlError TINYML_MODEL_INVALID, TINYML_MODEL_UNSUPPORTED for a graph that does more to begin with than to
 *   assign constants
 */
export function readTensors(
  graph: FileGraph,
  graphAt: (number: number) => FileGraph | undefined,
  read: (table: FlatTable<keyof typeof TENSOR>) => Tensor,
): GraphTensors {
  const handles = handlesOf(graph);
  const initialGraphs = calledOnce(graph);
  const plain = graph.tensors.map((table, index) => (handles.has(index) ? undefined : read(table)));
  const initial = new Map<string, Tensor>();
  for (const number of initialGraphs) {
    const called = graphAt(number);
    if (called === undefined)
      throw damaged("Model.subgraphs", `has no graph ${number} beside the first, which CALL_ONCE names`);
    for (const [key, value] of readInitial(called, read)) initial.set(key, value);
  }
  // what is assigned or read says what a variable holds
  const held = new Map(initial);
  for (const { number, table } of graph.operators) {
    if (number !== READ_VARIABLE && number !== ASSIGN_VARIABLE) continue;
    const [variable = -1, assigned = -1] = table.int32s("inputs");
    const handle = handles.get(variable);
    if (handle === undefined) throw damaged(table.where("inputs"), "begins with a tensor that is no VAR_HANDLE's");
    const [output = -1] = number === READ_VARIABLE ? table.int32s("outputs") : [assigned];
    const value = plain[output];
    if (value !== undefined && !held.has(keyOf(handle))) held.set(keyOf(handle), value);
  }
  const first = new Map<string, number>();
  const variables = new Map<number, number>();
  const tensors = plain.map((tensor, index): Tensor => {
    if (tensor !== undefined) return tensor;
    const table = graph.tensors[index];
    const resource = handles.get(index);
    const key = resource && keyOf(resource);
    const value = key === undefined ? undefined : held.get(key);
    if (resource === undefined || key === undefined || value === undefined) {
      throw unsupported(table.path, "is a variable that no operator reads or assigns");
    }
    variables.set(index, first.get(key) ?? index);
    if (!first.has(key)) first.set(key, index);
    const data: TensorData | undefined = initial.get(key)?.data;
    const { type, shape, quantization } = value;
    const name = table.string("name") ?? "";
    return {
      name,
      type,
      shape,
      ...(quantization && { quantization }),
      variable: true,
      ...(data && { initial: data }),
      resource,
    };
  });
  return { tensors, variables, initialGraphs };
}

/** The variables that a graph's tensors stand for. */
function handlesOf({ tensors, operators }: FileGraph): Map<number, Resource> {
  const handles = new Map<number, Resource>();
  for (const { number, table } of operators) {
    if (number !== VAR_HANDLE) continue;
    const [output = -1, ...others] = table.int32s("outputs");
    const tensor = tensors[output];
    if (tensor === undefined || others.length > 0 || handles.has(output)) {
      throw damaged(table.where("outputs"), "is not one tensor of its own");
    }
    const type = tensor.int8("type");
    if (type !== RESOURCE_TYPE)
      throw damaged(tensor.where("type"), `is ${tensorTypeName(type)}, where a VAR_HANDLE gives RESOURCE`);
    const options = table.table("builtin_options", VAR_HANDLE_OPTIONS.slots);
    handles.set(output, { container: options?.string("container") ?? "", name: options?.string("shared_name") ?? "" });
  }
  return handles;
}

/** The graphs that a graph has run before its first sample. */
function calledOnce({ operators }: FileGraph): Set<number> {
  const graphs = new Set<number>();
  let touched = false;
  for (const { number, table } of operators) {
    touched ||= number === READ_VARIABLE || number === ASSIGN_VARIABLE;
    if (number !== CALL_ONCE) continue;
    if (touched) throw unsupported(table.path, "is CALL_ONCE behind an operator that takes or changes a variable");
    graphs.add(table.table("builtin_options", CALL_ONCE_OPTIONS.slots)?.int32("init_subgraph_index") ?? 0);
  }
  return graphs;
}

/** What a graph assigns to variables, by their keys. */
function readInitial(
  graph: FileGraph,
  read: (table: FlatTable<keyof typeof TENSOR>) => Tensor,
): [key: string, value: Tensor][] {
  const handles = handlesOf(graph);
  return graph.operators.flatMap(({ number, table }): [string, Tensor][] => {
    if (number === VAR_HANDLE) return [];
    if (number !== ASSIGN_VARIABLE) {
      throw unsupported(
        table.path,
        `is ${builtinOperatorName(number)}, in a graph that may only assign constants to variables`,
      );
    }
    const [variable = -1, assigned = -1] = table.int32s("inputs");
    const handle = handles.get(variable);
    const value = graph.tensors[assigned];
    if (handle === undefined || value === undefined)
      throw damaged(table.where("inputs"), "is not a variable and a tensor");
    const tensor = read(value);
    if (tensor.data === undefined)
      throw unsupported(table.path, "assigns what is no constant, before the first sample");
    return [[keyOf(handle), tensor]];
  });
}

function keyOf({ container, name }: Resource): string {
  return JSON.stringify([container, name]);
}
