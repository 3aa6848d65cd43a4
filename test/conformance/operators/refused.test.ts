import assert from "node:assert/strict";
import { checkModel } from "../../../src/model/check";
import type { Model, Operator, Tensor } from "../../../src/model/model";

/* Parameters that fit no input: each is refused by name, and none makes the check work for long. */

/** What is wrong; the operator; the input's shape; its parameters in their order; what the error says. */
type Refused = [what: string, operator: Operator, shape: number[], parameters: (number[] | "computed")[], says: RegExp];

const HUGE = 2 ** 31 - 1;
const strided = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };

const REFUSED: readonly Refused[] = [
  ["a huge padding", of("PAD", 2), [4], [[HUGE, HUGE]], /\(PAD\)/],
  ["a padding below 0", of("PAD", 2), [4], [[-1, 2]], /PAD.*paddings/],
  ["too few paddings", of("PAD", 2), [4, 4], [[1, 1]], /PAD.*paddings/],
  ["computed paddings", of("PAD", 2), [4], ["computed"], /PAD.*paddings.*are computed/],
  ["an axis beyond the last", of("EXPAND_DIMS", 2), [4], [[3]], /EXPAND_DIMS.*axis 3/],
  ["two axes where there is one", of("EXPAND_DIMS", 2), [4], [[0, 1]], /EXPAND_DIMS/],
  ["an order that repeats an axis", of("TRANSPOSE", 2), [2, 3], [[1, 1]], /TRANSPOSE.*perm \[1,1\]/],
  ["an axis that the input lacks", of("TRANSPOSE", 2), [2, 3], [[0, 7]], /TRANSPOSE.*perm \[0,7\]/],
  ["a slice beyond the end", of("SLICE", 3), [4], [[2], [3]], /SLICE.*part/],
  ["a slice of huge size", of("SLICE", 3), [4], [[1], [HUGE]], /SLICE.*part/],
  ["a slice from below 0", of("SLICE", 3), [4], [[-HUGE], [HUGE]], /SLICE.*part/],
  ["a stride of 0", of("STRIDED_SLICE", 4, strided), [4], [[0], [4], [0]], /STRIDED_SLICE.*is nothing/],
  ["an empty range", of("STRIDED_SLICE", 4, strided), [4], [[3], [1], [1]], /STRIDED_SLICE.*is nothing/],
  [
    "more ranges than dimensions",
    of("STRIDED_SLICE", 4, strided),
    [4],
    [
      [0, 0],
      [1, 1],
      [1, 1],
    ],
    /STRIDED_SLICE.*2 entries/,
  ],
  [
    "an index beyond the end",
    of("STRIDED_SLICE", 4, { ...strided, shrinkAxisMask: 1 }),
    [4],
    [[4], [5], [1]],
    /STRIDED_SLICE/,
  ],
  ["a huge number of parts", split("SPLIT", [1, 0], { count: HUGE }), [HUGE], [[0]], /SPLIT/],
  ["parts that are no whole number", split("SPLIT", [1, 0], { count: 3 }), [4], [[0]], /SPLIT.*equal parts/],
  ["a part of no elements", split("SPLIT_V", [0, 1, 2], { count: 2 }), [4], [[0, 4], [0]], /SPLIT_V.*parts/],
  [
    "two parts that are what is left",
    split("SPLIT_V", [0, 1, 2], { count: 2 }),
    [4],
    [[-1, -1], [0]],
    /SPLIT_V.*parts/,
  ],
  ["a huge number to take apart", split("UNPACK", [0], { count: HUGE, axis: 0 }), [HUGE], [], /UNPACK/],
  [
    "blocks without elements",
    of("SPACE_TO_BATCH_ND", 3),
    [1, 4, 4, 1],
    [
      [0, 2],
      [0, 0, 0, 0],
    ],
    /SPACE_TO_BATCH_ND.*blocks/,
  ],
  [
    "no whole blocks",
    of("SPACE_TO_BATCH_ND", 3),
    [1, 5, 4, 1],
    [
      [2, 2],
      [0, 0, 0, 0],
    ],
    /SPACE_TO_BATCH_ND.*whole blocks/,
  ],
  [
    "crops of all",
    of("BATCH_TO_SPACE_ND", 3),
    [4, 1, 1, 1],
    [
      [2, 2],
      [2, 0, 0, 0],
    ],
    /BATCH_TO_SPACE_ND.*leave nothing/,
  ],
  [
    "three dimensions in blocks",
    of("BATCH_TO_SPACE_ND", 3),
    [8, 1, 1, 1, 1],
    [
      [2, 2, 2],
      [0, 0, 0, 0, 0, 0],
    ],
    /one or two/,
  ],
  ["repeated no times", of("TILE", 2), [4], [[0]], /TILE.*repeated/],
  ["a shape that does not fit", of("BROADCAST_TO", 2), [3], [[4]], /BROADCAST_TO.*can't become/],
  ["a dimension that is not 1", of("SQUEEZE", 1, { axes: [0] }), [4], [], /SQUEEZE.*not 1 there/],
  ["an axis that a mean lacks", of("MEAN", 2, {}), [4], [[1]], /MEAN.*no axis 1/],
  ["four runs of axes", of("MEAN", 2, {}), [2, 2, 2, 2, 2, 2, 2], [[0, 2, 4, 6]], /MEAN.*more than 3 runs/],
  ["a picture of no rows", of("RESIZE_BILINEAR", 2, {}), [1, 4, 4, 1], [[0, 4]], /RESIZE_BILINEAR.*size/],
  [
    "a picture of huge size",
    of("RESIZE_NEAREST_NEIGHBOR", 2, {}),
    [1, 4, 4, 1],
    [[HUGE, HUGE]],
    /RESIZE_NEAREST_NEIGHBOR.*size/,
  ],
];

describe("parameters that fit no input", () => {
  for (const [what, operator, shape, parameters, says] of REFUSED) {
    it(`${operator.type} refuses ${what}`, () => {
      assert.throws(
        () => checkModel(modelOf(operator, shape, parameters)),
        (error: Error & { code?: string }) => {
          assert.match(error.message, says);
          assert.match(String(error.code), /^TINYML_MODEL_(INVALID|UNSUPPORTED)$/);
          return true;
        },
      );
    });
  }

  it("int64 parameters are read like those of int32", () => {
    const constant: Tensor = { name: "perm", type: "int64", shape: [2], data: BigInt64Array.of(1n, 0n) };
    const model = modelOf(of("TRANSPOSE", 2), [2, 3], [[1, 0]]);
    const output: Tensor = { name: "output", type: "float32", shape: [3, 2] };
    checkModel({ ...model, tensors: [model.tensors[0], constant, output] });
  });
});

/** An operator of one output whose inputs are tensors in their order. */
function of<Type extends Operator["type"]>(
  type: Type,
  inputs: number,
  options: Extract<Operator, { type: Type }>["options"] | Record<never, never> = {},
): Operator {
  // the options are those of `type` by the table
  return { type, inputs: Array.from({ length: inputs }, (_, i) => i), outputs: [inputs], options } as Operator;
}

function split(
  type: "SPLIT" | "SPLIT_V" | "UNPACK",
  inputs: number[],
  options: { count: number; axis?: number },
): Operator {
  return { type, inputs, outputs: [inputs.length], options } as Operator;
}

/** A model whose tensors are the input, of int8, the parameters and an output. */
function modelOf(operator: Operator, shape: number[], parameters: readonly (number[] | "computed")[]): Model {
  const constants = parameters.map((values, i): Tensor => {
    const name = `parameter ${i}`;
    if (values === "computed") return { name, type: "int32", shape: [2] };
    return { name, type: "int32", shape: [values.length], data: Int32Array.from(values) };
  });
  const type = operator.type === "TRANSPOSE" ? "float32" : "int8";
  const quantization = { scales: [1], zeroPoints: [0], axis: 0 };
  const tensors: Tensor[] = [{ name: "input", type, shape, quantization }, ...constants];
  const computed = constants.flatMap(({ data }, i) => (data === undefined ? [i + 1] : []));
  return {
    description: "",
    tensors: [...tensors, { name: "output", type, shape: [1], quantization }],
    operators: [operator],
    inputs: [0, ...computed],
    outputs: [tensors.length],
  };
}
