import type { Operator, OperatorOf, OperatorType } from "../../model/model";
import { ACTIVATION_GRADIENTS } from "./activation";
import { ARITHMETIC_GRADIENTS } from "./arithmetic";
import { CONVOLUTION_GRADIENTS } from "./convolution";
import { DENSE_GRADIENTS } from "./dense";
import { DROPOUT_GRADIENTS } from "./dropout";
import type { GradientRule, TrainingPlaces, TrainingWork } from "./gradient-rule";
import { JOINING_GRADIENTS } from "./joining";
import { NORMALIZATION_GRADIENTS } from "./normalization";
import { POOLING_GRADIENTS } from "./pooling";
import { SHAPING_GRADIENTS } from "./shaping";

/** The operators that can be trained. */
const GRADIENTS = {
  ...ACTIVATION_GRADIENTS,
  ...ARITHMETIC_GRADIENTS,
  ...CONVOLUTION_GRADIENTS,
  ...DENSE_GRADIENTS,
  ...DROPOUT_GRADIENTS,
  ...JOINING_GRADIENTS,
  ...NORMALIZATION_GRADIENTS,
  ...POOLING_GRADIENTS,
  ...SHAPING_GRADIENTS,
};

type Trainable = keyof typeof GRADIENTS;

export function hasGradient(operator: Operator): operator is OperatorOf<Trainable> {
  return operator.type in GRADIENTS;
}

/** The work of an operator from its output's gradient to its inputs'. */
export function backwardWork(operator: OperatorOf<Trainable>, places: TrainingPlaces): TrainingWork {
  return ruleOf(operator.type).backward(operator, places);
}

/** What an operator does in training instead of its kernel call; undefined where it does the same. */
export function forwardWork(operator: OperatorOf<Trainable>, places: TrainingPlaces): TrainingWork | undefined {
  return ruleOf(operator.type).forward?.(operator, places);
}

/** What is done for an operator once a batch went forward; undefined where nothing is. */
export function afterBatchWork(operator: OperatorOf<Trainable>, places: TrainingPlaces): (() => void) | undefined {
  return ruleOf(operator.type).afterBatch?.(operator, places);
}

function ruleOf<Type extends OperatorType & Trainable>(type: Type): GradientRule<Type> {
  // TypeScript does not carry the type from the key to the row
  return GRADIENTS[type] as GradientRule<OperatorType> as GradientRule<Type>;
}
