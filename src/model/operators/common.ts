import { ACTIVATIONS } from "./activation";
import { CONVOLUTIONS } from "./convolution";
import { DENSE } from "./dense";
import { ELEMENTWISE_FUNCTIONS } from "./elementwise";
import { POOLING } from "./pooling";
import { QUANTIZING } from "./quantizing";
import { RESHAPING } from "./reshaping";

/** The operators that most models consist of: they are loaded with everything else that runs a model. */
export const COMMON_OPERATORS = {
  ...ACTIVATIONS,
  ...CONVOLUTIONS,
  ...DENSE,
  ...ELEMENTWISE_FUNCTIONS,
  ...POOLING,
  ...QUANTIZING,
  ...RESHAPING,
};
