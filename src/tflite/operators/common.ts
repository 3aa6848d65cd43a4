import { ACTIVATIONS } from "./activation";
import { CONVOLUTIONS } from "./convolution";
import { DENSE } from "./dense";
import { ELEMENTWISE_FUNCTIONS } from "./elementwise";
import { POOLING } from "./pooling";
import { QUANTIZING } from "./quantizing";
import { RESHAPING } from "./reshaping";

/** Operators in the file format: those of `COMMON_OPERATORS`, and the rest of their families. */
export const COMMON_FORMATS = {
  ...ACTIVATIONS,
  ...CONVOLUTIONS,
  ...DENSE,
  ...ELEMENTWISE_FUNCTIONS,
  ...POOLING,
  ...QUANTIZING,
  ...RESHAPING,
};
