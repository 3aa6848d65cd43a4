import type { StoredOperatorType } from "../../model/model";
import { ARITHMETIC } from "./arithmetic";
import { COMMON_FORMATS } from "./common";
import { JOINING } from "./joining";
import type { OperatorFormat } from "./operator-format";
import { PADDING } from "./padding";
import { REARRANGING } from "./rearranging";
import { RECURRENT } from "./recurrent";
import { REDUCTIONS } from "./reductions";
import { RESIZING } from "./resizing";
import { SLICING } from "./slicing";
import { VARIABLES } from "./variables";

/** The operators of this package in the file format. */
export const ALL_FORMATS: { readonly [Type in StoredOperatorType]: OperatorFormat<Type> } = {
  ...COMMON_FORMATS,
  ...ARITHMETIC,
  ...JOINING,
  ...PADDING,
  ...REARRANGING,
  ...RECURRENT,
  ...REDUCTIONS,
  ...RESIZING,
  ...SLICING,
  ...VARIABLES,
};
