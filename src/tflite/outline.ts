import { FlatFile, type FlatTable } from "./cursor";
import { operatorNumber, operatorOfCode } from "./operators";
import {
  builtinOperatorName,
  CALL_ONCE,
  CUSTOM_OPERATOR,
  DENSIFY,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  SUBGRAPH,
  TENSOR,
  tensorTypeName,
  VAR_HANDLE,
} from "./schema";

/** A tensor as a file describes it, of types that this package does not know, too. */
export interface OutlineTensor {
  name: string;
  type: string;
  shape: readonly number[];
}

/** What a file's first graph is made of, whether this package can compute it or not. */
export interface Outline {
  inputs: readonly OutlineTensor[];
  outputs: readonly OutlineTensor[];
  operators: readonly { type: string; outputs: readonly OutlineTensor[]; known: boolean }[];
}

/** Operators that reading a file takes care of. */
const READ_ONLY: readonly number[] = [DENSIFY, CALL_ONCE, VAR_HANDLE];

/**
 * Reads what a .tflite file holds as far as people want to see it, for models that `readTflite` refuses as unsupported.
 * @throws TinymlError TINYML_MODEL_INVALID naming the table and field that is damaged
 */
export function readOutline(bytes: Uint8Array): Outline {
  const root = new FlatFile(bytes).root("Model", MODEL);
  const codes = root.tables("operator_codes", OPERATOR_CODE);
  const [graph] = root.tables("subgraphs", SUBGRAPH);
  if (graph === undefined) return { inputs: [], outputs: [], operators: [] };
  const tensors = graph.tables("tensors", TENSOR).map(readTensor);
  const named = (indices: readonly number[]) => indices.flatMap((index) => tensors[index] ?? []);
  return {
    inputs: named(graph.int32s("inputs")),
    outputs: named(graph.int32s("outputs")),
    operators: graph.tables("operators", OPERATOR).map((operator) => {
      const code = codes[operator.uint32("opcode_index")];
      const number = code === undefined ? -1 : operatorNumber(code);
      const custom = number === CUSTOM_OPERATOR ? ` ${code?.string("custom_code") ?? ""}` : "";
      return {
        type: `${builtinOperatorName(number)}${custom}`,
        outputs: named(operator.int32s("outputs")),
        known: operatorOfCode(number) !== undefined || READ_ONLY.includes(number),
      };
    }),
  };
}

function readTensor(table: FlatTable<keyof typeof TENSOR>): OutlineTensor {
  const type = tensorTypeName(table.int8("type")).toLowerCase();
  return { name: table.string("name") ?? "", type, shape: table.int32s("shape") };
}
