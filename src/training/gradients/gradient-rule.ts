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
  /** Memory that forward, backward and afterBatch of one operator share: the same address for the same output tensor. */
  kept(output: number, bytes: number): number;
  /** Which samples are worked on; the trainer changes it before each part of a batch. */
  readonly moment: TrainingMoment;
}

/** Where a training stands: what chance may depend on. */
export interface TrainingMoment {
  /** The recipe's seed. */
  seed: number;
  /** How many batches came before this one, since the training began. */
  step: number;
  /** The number, within its batch, of the first sample that is worked on. */
  firstSample: number;
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
  /** What is done once for each batch, when all of it went forward: changes of weights that no gradient makes. */
  afterBatch?(operator: OperatorOf<Type>, places: TrainingPlaces): () => void;
}

/** The rows of a family of operators. */
export type GradientRules<Type extends OperatorType> = { readonly [T in Type]: GradientRule<T> };
