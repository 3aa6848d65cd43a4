import type { OperatorType, StoredOperatorType } from "../model";
import { ARITHMETIC } from "./arithmetic";
import { COMMON_OPERATORS } from "./common";
import { JOINING } from "./joining";
import type { OperatorRule } from "./operator-rule";
import { PADDING } from "./padding";
import { REARRANGING } from "./rearranging";
import { RECURRENT } from "./recurrent";
import { REDUCTIONS } from "./reductions";
import { RESIZING } from "./resizing";
import { SLICING } from "./slicing";
import { TRAINING_OPERATORS } from "./training";
import { TRANSPOSE_CONVOLUTION } from "./transpose-convolution";
import { VARIABLES } from "./variables";

/** The operators that a file may have; the keys are TensorFlow Lite's builtin operator names. */
export const STORED_OPERATORS: { readonly [T in StoredOperatorType]: OperatorRule<T> } = {
  ...COMMON_OPERATORS,
  ...ARITHMETIC,
  ...JOINING,
  ...PADDING,
  ...REARRANGING,
  ...RECURRENT,
  ...REDUCTIONS,
  ...RESIZING,
  ...SLICING,
  ...TRANSPOSE_CONVOLUTION,
  ...VARIABLES,
};

/** The operators of this package. */
export const ALL_OPERATORS: { readonly [T in OperatorType]: OperatorRule<T> } = {
  ...STORED_OPERATORS,
  ...TRAINING_OPERATORS,
};
