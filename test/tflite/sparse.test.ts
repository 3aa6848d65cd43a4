import assert from "node:assert/strict";
import { Builder } from "flatbuffers";
import { loadModel } from "../../src/runtime/load-model";
import { readTflite } from "../../src/tflite/read-tflite";
import {
  BUFFER,
  DENSIFY,
  DIMENSION_METADATA,
  INDEX_VECTOR,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  SPARSITY,
  SUBGRAPH,
  TENSOR,
} from "../../src/tflite/schema";
import { writeTflite } from "../../src/tflite/write-tflite";
import { loadInLiteRt } from "../support/litert";

/* Constants in TensorFlow Lite's sparse form, as converters write pruned models. Our writer writes none: the files are built here. */

/** A level of the tree of elements: all of so many, or those that are listed for each node above. */
type Level = number | { segments: readonly number[]; indices: readonly number[]; bytes: 1 | 2 | 4 };

interface Sparse {
  order: readonly number[];
  blockMap?: readonly number[];
  levels: readonly Level[];
  values: readonly number[];
}

/** A dense layer of 6 inputs and 4 units whose weights are [0 1 0 0 2 0], [0 0 0 0 0 0], [3 0 0 0 0 4], [0 0 5 0 0 0]. */
const WEIGHTS = [0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0, 0, 5, 0, 0, 0];

const SEGMENTS = [0, 2, 2, 4, 5];
const INDICES = [1, 4, 0, 5, 2];

const FORMS: Record<string, Sparse> = {
  "rows of listed columns": rows(4),
  "rows of listed columns in 16 bits": rows(2),
  "rows of listed columns in 8 bits": rows(1),
  "columns of listed rows": {
    order: [1, 0],
    levels: [6, { segments: [0, 1, 2, 3, 3, 4, 5], indices: [2, 0, 3, 0, 2], bytes: 1 }],
    values: [3, 1, 5, 2, 4],
  },
  "listed blocks of 2 × 2": {
    order: [0, 1, 2, 3],
    blockMap: [0, 1],
    levels: [2, { segments: [0, 2, 5], indices: [0, 2, 0, 1, 2], bytes: 1 }, 2, 2],
    values: [0, 1, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 5, 0, 0, 4, 0, 0],
  },
};

function rows(bytes: 1 | 2 | 4): Sparse {
  return { order: [0, 1], levels: [4, { segments: SEGMENTS, indices: INDICES, bytes }], values: [1, 2, 3, 4, 5] };
}

describe("constants that are stored in a sparse form", () => {
  for (const [name, form] of Object.entries(FORMS)) {
    it(`${name}: are what LiteRT makes of them`, async () => {
      const file = sparseFile(form);
      const input = Float32Array.of(1, -2, 3, 0.5, 4, -1);
      const model = readTflite(file);
      const weights = model.tensors.find((tensor) => tensor.name === "dense");
      assert.deepEqual(Array.from(weights?.data ?? [], Number), WEIGHTS);
      const inLiteRt = await loadInLiteRt(file);
      const loaded = loadModel(readTflite(writeTflite(model)));
      try {
        assert.deepEqual(loaded.run([input]), await inLiteRt.run([input]));
      } finally {
        loaded.dispose();
        inLiteRt.dispose();
      }
    });
  }

  const form = rows(1);
  const levels = (level: Level): Sparse => ({ ...form, levels: [4, level] });
  const damagedForms: Record<string, Sparse> = {
    "a column beyond the last": levels({ segments: SEGMENTS, indices: [1, 6, 0, 5, 2], bytes: 1 }),
    "fewer elements than are placed": { ...form, values: [1, 2, 3, 4] },
    "more elements than are placed": { ...form, values: [1, 2, 3, 4, 5, 6] },
    "a list that ends too early": levels({ segments: [0, 2, 2], indices: INDICES, bytes: 1 }),
    "more rows than there are": { ...form, levels: [5, { segments: [0, 2, 2, 4, 4, 5], indices: INDICES, bytes: 1 }] },
    "a dimension twice": { ...form, order: [0, 0] },
    "a level too few": { ...form, levels: [4] },
    "rows without end": { order: [0, 1], levels: [0x7fffffff, 0x7fffffff], values: [1] },
    "a hundred thousand levels": {
      order: Array.from({ length: 100_002 }, (_, level) => level),
      blockMap: new Array<number>(100_000).fill(0),
      levels: new Array<number>(100_002).fill(1),
      values: [1],
    },
    "a block of no dimension": { ...FORMS["listed blocks of 2 × 2"], blockMap: [0, 9] },
  };
  for (const [name, damagedForm] of Object.entries(damagedForms)) {
    it(`are refused with ${name}`, () => {
      assert.throws(() => readTflite(sparseFile(damagedForm)), {
        code: "TINYML_MODEL_INVALID",
        message: /tensors\[1\]\.sparsity/,
      });
    });
  }

  it("are refused where they would take far more memory than the file", () => {
    assert.throws(() => readTflite(sparseFile({ ...form, order: [0, 1] }, [1 << 15, 1 << 15])), {
      code: "TINYML_MODEL_INVALID",
      message: /tensors\[1\]\.sparsity would take far more memory/,
    });
  });
});

/** input × weights, which DENSIFY makes of a sparse constant. */
function sparseFile({ order, blockMap = [], levels, values }: Sparse, shape: readonly number[] = [4, 6]): Uint8Array {
  const builder = new Builder();
  const offsets = (list: readonly number[]): number => {
    builder.startVector(4, list.length, 4);
    for (const offset of list.toReversed()) builder.addOffset(offset);
    return builder.endVector();
  };
  const numbers = (list: readonly number[], bytes: 1 | 2 | 4 = 4): number => {
    builder.startVector(bytes, list.length, 4);
    for (const number of list.toReversed()) {
      if (bytes === 1) builder.addInt8(number);
      else if (bytes === 2) builder.addInt16(number);
      else builder.addInt32(number);
    }
    return builder.endVector();
  };
  const table = (slots: Readonly<Record<string, number>>, fill: () => void): number => {
    builder.startObject(Object.keys(slots).length);
    fill();
    return builder.endObject();
  };
  const indexVector = (list: readonly number[], bytes: 1 | 2 | 4): number => {
    const vector = numbers(list, bytes);
    return table(INDEX_VECTOR, () => builder.addFieldOffset(INDEX_VECTOR.values, vector, 0));
  };
  const metadata = levels.map((level) => {
    if (typeof level === "number") {
      return table(DIMENSION_METADATA, () => builder.addFieldInt32(DIMENSION_METADATA.dense_size, level, 0));
    }
    const type = { 4: 1, 2: 2, 1: 3 }[level.bytes];
    const segments = indexVector(level.segments, level.bytes);
    const indices = indexVector(level.indices, level.bytes);
    return table(DIMENSION_METADATA, () => {
      builder.addFieldInt8(DIMENSION_METADATA.format, 1, 0);
      builder.addFieldInt8(DIMENSION_METADATA.array_segments_type, type, 0);
      builder.addFieldOffset(DIMENSION_METADATA.array_segments, segments, 0);
      builder.addFieldInt8(DIMENSION_METADATA.array_indices_type, type, 0);
      builder.addFieldOffset(DIMENSION_METADATA.array_indices, indices, 0);
    });
  });
  const [traversal, blocks, dimensions] = [numbers(order), numbers(blockMap), offsets(metadata)];
  const sparsity = table(SPARSITY, () => {
    builder.addFieldOffset(SPARSITY.traversal_order, traversal, 0);
    builder.addFieldOffset(SPARSITY.block_map, blocks, 0);
    builder.addFieldOffset(SPARSITY.dim_metadata, dimensions, 0);
  });
  const bytes = builder.createByteVector(new Uint8Array(Float32Array.from(values).buffer));
  const empty = table(BUFFER, () => undefined);
  const stored = table(BUFFER, () => builder.addFieldOffset(BUFFER.data, bytes, 0));
  const tensor = (name: string, of: readonly number[], buffer = 0, sparse = 0): number => {
    const [label, dims] = [builder.createString(name), numbers(of)];
    return table(TENSOR, () => {
      builder.addFieldOffset(TENSOR.shape, dims, 0);
      builder.addFieldOffset(TENSOR.name, label, 0);
      builder.addFieldInt32(TENSOR.buffer, buffer, 0);
      builder.addFieldOffset(TENSOR.sparsity, sparse, 0);
    });
  };
  const tensors = offsets([
    tensor("input", [1, 6]),
    tensor("sparse", shape, 1, sparsity),
    tensor("dense", shape),
    tensor("output", [1, 4]),
  ]);
  const code = (number: number): number =>
    table(OPERATOR_CODE, () => {
      builder.addFieldInt8(OPERATOR_CODE.deprecated_builtin_code, number, 0);
      builder.addFieldInt32(OPERATOR_CODE.builtin_code, number, 0);
    });
  const codes = offsets([code(DENSIFY), code(9)]);
  const operator = (index: number, reads: readonly number[], writes: readonly number[], options: number): number => {
    const [inputs, outputs] = [numbers(reads), numbers(writes)];
    const table_ = table({}, () => undefined);
    return table(OPERATOR, () => {
      builder.addFieldInt32(OPERATOR.opcode_index, index, 0);
      builder.addFieldOffset(OPERATOR.inputs, inputs, 0);
      builder.addFieldOffset(OPERATOR.outputs, outputs, 0);
      builder.addFieldInt8(OPERATOR.builtin_options_type, options, 0);
      builder.addFieldOffset(OPERATOR.builtin_options, table_, 0);
    });
  };
  const operators = offsets([operator(0, [1], [2], 99), operator(1, [0, 2, -1], [3], 8)]);
  const [inputs, outputs, buffers] = [numbers([0]), numbers([3]), offsets([empty, stored])];
  const graph = offsets([
    table(SUBGRAPH, () => {
      builder.addFieldOffset(SUBGRAPH.tensors, tensors, 0);
      builder.addFieldOffset(SUBGRAPH.operators, operators, 0);
      builder.addFieldOffset(SUBGRAPH.inputs, inputs, 0);
      builder.addFieldOffset(SUBGRAPH.outputs, outputs, 0);
    }),
  ]);
  builder.finish(
    table(MODEL, () => {
      builder.addFieldInt32(MODEL.version, 3, 0);
      builder.addFieldOffset(MODEL.operator_codes, codes, 0);
      builder.addFieldOffset(MODEL.subgraphs, graph, 0);
      builder.addFieldOffset(MODEL.buffers, buffers, 0);
    }),
    "TFL3",
  );
  return builder.asUint8Array().slice();
}
