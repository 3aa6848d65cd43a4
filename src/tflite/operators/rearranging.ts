import type { Tensor } from "../../model/model";
import { slots } from "../schema";
import { integer, type OperatorFormats } from "./operator-format";

type Inputs = readonly (Tensor | undefined)[];

/** SPACE_TO_BATCH_ND's and BATCH_TO_SPACE_ND's rows but for the operator's number. */
const BLOCKS = {
  newestVersion: 4,
  version([input]: Inputs) {
    if (input?.type === "int16") return 4;
    if (input?.shape.length !== 4) return 3;
    return input.type === "int8" ? 2 : 1;
  },
  fields: {},
} as const;

/** SPACE_TO_DEPTH's and DEPTH_TO_SPACE's, but for the numbers of the operator and its options. */
const DEPTH = {
  newestVersion: 2,
  version: ([input]: Inputs) => (input?.type === "int8" ? 2 : 1),
  fields: { blockSize: integer("block_size") },
} as const;

/** Operators that give every element another place. */
export const REARRANGING: OperatorFormats<
  | "TRANSPOSE"
  | "REVERSE_V2"
  | "SPACE_TO_BATCH_ND"
  | "BATCH_TO_SPACE_ND"
  | "SPACE_TO_DEPTH"
  | "DEPTH_TO_SPACE"
  | "TILE"
  | "BROADCAST_TO"
> = {
  REVERSE_V2: {
    code: 105,
    newestVersion: 3,
    version([input]: Inputs) {
      if (input?.type === "int8") return 3;
      return input?.type === "bool" ? 2 : 1;
    },
    fields: {},
  },
  TRANSPOSE: {
    code: 39,
    newestVersion: 8,
    version([input]: Inputs) {
      const rank = input?.shape.length ?? 0;
      if (rank > 6) return 8;
      if (rank > 5) return 6;
      if (input?.type === "int16") return 5;
      if (rank > 4) return 4;
      if (input?.type === "bool") return 3;
      return input?.type === "int8" ? 2 : 1;
    },
    fields: {},
  },
  SPACE_TO_BATCH_ND: { code: 38, ...BLOCKS },
  BATCH_TO_SPACE_ND: { code: 37, ...BLOCKS },
  SPACE_TO_DEPTH: {
    code: 26,
    ...DEPTH,
    table: { name: "SpaceToDepthOptions", union: 19, slots: slots("block_size") },
  },
  DEPTH_TO_SPACE: {
    code: 5,
    ...DEPTH,
    table: { name: "DepthToSpaceOptions", union: 94, slots: slots("block_size") },
  },
  TILE: {
    code: 69,
    newestVersion: 3,
    version: ([input]: Inputs) => (input?.type === "int8" ? 3 : 1),
    fields: {},
  },
  BROADCAST_TO: {
    code: 130,
    newestVersion: 3,
    // version 1 was withdrawn
    version: ([input]: Inputs) => (input?.type === "int8" || input?.type === "int16" ? 3 : 2),
    fields: {},
  },
};
