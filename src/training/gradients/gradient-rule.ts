import type { Kernels } from "../../kernels/kernels";
import type { Model, OperatorOf, OperatorType } from "../../model/model";
import type { Step } from "../../runtime/place-model";

/** A network in the kernels' memory, with room for the gradients of its tensors. */
export interface TrainingPlaces {
  readonly model: Model;
  readonly kernels: Kernels;
  /** The most samples of a batch that are worked on at once. */
  readonly batch: number;
  /** The byte address of a tensor's numbers. */
  value(tensor: number): number;
  /** The byte address of a tensor's gradient; 0 where none is needed, as of the network's input. */
  gradient(tensor: number): number;
  /** How many numbers a tensor has, for one sample. */
  count(tensor: number): number;
  /** Memory of one's own for as long as the training lasts. */
  scratch(bytes: number): number;
}

/**
 * Numbers that belong to the whole batch: where a batch is worked on in parts, `count` floats at `address` are added up over
 * the parts, in their order, and each part goes on with the sums.
 */
export interface BatchSum {
  readonly address: number;
  readonly count: number;
}

/** What is done with the samples of a batch, one after the other. */
export type TrainingWork = readonly (Step | BatchSum)[];

/** How an operator is trained. */
export interface GradientRule<Type extends OperatorType> {
  /**
   * From the gradient of the output, which it may destroy, writes (never adds to) the gradients of the inputs: of those
   * whose `gradient` is not 0.
   */
  backward(operator: OperatorOf<Type>, places: TrainingPlaces): TrainingWork;
  /** What the operator does in training instead of its kernel call. */
  forward?(operator: OperatorOf<Type>, places: TrainingPlaces): TrainingWork;
}

/** The rows of a family of operators. */
export type GradientRules<Type extends OperatorType> = { readonly [T in Type]: GradientRule<T> };
