import { TinymlError } from "../errors";
import { type Features, planFeatures } from "../features/features";
import { kernels } from "../kernels/kernels";
import type { PointwiseBlock } from "../model/metadata";
import type { Model } from "../model/model";
import { elementCount, tensorBytes } from "../model/tensor";
import { maximumBytes, type PlacedModel, placeModel, type Step, sharedOutputs } from "../runtime/place-model";
import { planBackward, sumWork } from "./fan-out";
import { planGradientMemory } from "./gradient-memory";
import type { BatchSum, TrainingMoment, TrainingPlaces } from "./gradients/gradient-rule";
import { afterBatchWork, backwardWork, forwardWork, hasGradient } from "./gradients/gradients";
import { createLoss, planLoss } from "./losses";
import type { TrainingSettings } from "./recipe-settings";

/** Room in the kernels' memory for some samples of a batch, and the work that trains a network on them. */
export interface Shard {
  /** Addresses: of the samples, of what the network should give for them, and of how much each counts. */
  readonly input: number;
  readonly targets: number;
  readonly sampleWeights: number;
  /** What chance may depend on, in `work`. */
  readonly moment: TrainingMoment;
  /** The samples that it holds now. */
  rows: number;
  /** For `work`: 1 / the rows of the whole batch, and whether sample weights count. */
  scale: number;
  weighted: boolean;
  /** The losses of these samples, added up, after `work` or `infer`. */
  loss: number;
  /** The address of a tensor's numbers. */
  value(tensor: number): number;
  /** Turns the raw samples at `input` into what the network takes. */
  prepare(): void;
  /** Forward, loss, backward: the gradients of all weights, for these samples. */
  readonly work: readonly (Step | BatchSum)[];
  /** Once for each batch, when all shards went forward: changes of weights that no gradient makes. */
  afterBatch(): void;
  /** Runs the network without learning. */
  infer(): void;
  /** After `infer`: how many samples are given their label, or the sum of the mean squared errors. */
  countCorrect(): number;
  squaredError(): number;
  dispose(): void;
}

/** What all shards have in common. */
export interface ShardSettings {
  model: Model;
  settings: TrainingSettings;
  features: readonly PointwiseBlock[];
  /** Samples, at most. */
  samples: number;
  /** Where a weight lies, and where its gradient is wanted; undefined for other tensors. */
  weight(tensor: number): number | undefined;
  weightGradient(tensor: number): number | undefined;
}

/** The boundary on which gradients begin: a vector's bytes. */
const ALIGNMENT = 16;

/** @throws TinymlError TINYML_OUT_OF_MEMORY */
export function createShard({ model, settings, features, samples, weight, weightGradient }: ShardSettings): Shard {
  const { call, heap } = kernels();
  const blocks: number[] = [];
  const allocate = (bytes: number): number => {
    const address = heap.allocate(bytes);
    blocks.push(address);
    return address;
  };
  const [inputTensor] = model.inputs;
  const { targetWidth, lossTensor } = planLoss(model, settings);
  const parts: { dispose(): void }[] = [];
  const dispose = (): void => {
    for (const part of parts.splice(0)) part.dispose();
    for (const block of blocks.splice(0)) heap.release(block);
  };
  try {
    const placed: PlacedModel = placeModel(model, { batch: samples, keepAll: true, constantAddress: weight });
    parts.push(placed);
    const input = placed.addresses[inputTensor];
    const output = placed.addresses[model.outputs[0]];
    const targets = allocate(4 * samples * (targetWidth + 1));
    const { shape } = model.tensors[inputTensor];
    const channels = shape[shape.length - 1];
    const readings = elementCount(shape) / channels;
    const placedFeatures: Features = planFeatures(features, input, channels);
    parts.push(placedFeatures);

    const needsGradient = (tensor: number): boolean =>
      tensor !== inputTensor && (model.tensors[tensor].data === undefined || weightGradient(tensor) !== undefined);
    const plan = planBackward(model, lossTensor, needsGradient);
    const isComputed = (tensor: number): boolean =>
      tensor !== inputTensor && plan.model.tensors[tensor].data === undefined;
    const operators = plan.operators.map(({ operator }) => operator);
    const memory = planGradientMemory(plan.model, operators, lossTensor, isComputed, ALIGNMENT);
    const gradients = allocate(samples * memory.bytes);
    const count = (tensor: number): number => elementCount(plan.model.tensors[tensor].shape);
    const ofSharedWeights = new Map<number, number>();
    for (const [alias, tensor] of plan.aliasOf) {
      if (weightGradient(tensor) !== undefined) ofSharedWeights.set(alias, allocate(4 * count(tensor)));
    }
    const gradient = (tensor: number): number => {
      const offset = memory.offsets.get(tensor);
      if (offset !== undefined) return gradients + samples * offset;
      return ofSharedWeights.get(tensor) ?? (tensor < model.tensors.length ? weightGradient(tensor) : undefined) ?? 0;
    };
    const kept = new Map<number, number>();
    const moment: TrainingMoment = { seed: settings.seed, step: 0, firstSample: 0 };
    const places: TrainingPlaces = {
      model: plan.model,
      kernels: placed.kernels,
      batch: samples,
      value: (tensor) => placed.addresses[plan.aliasOf.get(tensor) ?? tensor],
      gradient,
      count,
      scratch: allocate,
      kept(tensor, bytes) {
        const address = kept.get(tensor) ?? allocate(bytes);
        kept.set(tensor, address);
        return address;
      },
      moment,
    };
    const trainable = model.operators.filter(hasGradient);
    const forward = trainable.flatMap((operator, i) => forwardWork(operator, places) ?? placed.steps[i]);
    const after = trainable.flatMap((operator) => afterBatchWork(operator, places) ?? []);
    const backward = plan.operators.flatMap(({ operator, sums }) => [
      ...(hasGradient(operator) ? backwardWork(operator, places) : []),
      ...sumWork(sums, places),
    ]);
    const loss = createLoss(model, settings, { predictions: output, targets, gradient: gradient(lossTensor) });
    const sampleWeights = targets + 4 * samples * targetWidth;
    const outputs = count(model.outputs[0]);
    const shard: Shard = {
      input,
      targets,
      sampleWeights,
      moment,
      rows: 0,
      scale: 1,
      weighted: false,
      loss: 0,
      value: places.value,
      prepare: () => placedFeatures.run(shard.rows * readings),
      work: [
        ...forward,
        (rows) => {
          shard.loss = loss.sum(rows, shard.weighted ? sampleWeights : 0, shard.scale);
        },
        ...backward,
      ],
      afterBatch() {
        for (const change of after) change();
      },
      infer() {
        placed.forward(shard.rows);
        shard.loss = loss.sum(shard.rows);
      },
      countCorrect: () => loss.countCorrect(shard.rows),
      squaredError: () => call.tinyml_mean_squared_error(output, targets, 0, 0, shard.rows, outputs, 0),
      dispose,
    };
    return shard;
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The name of the layer that a tensor belongs to: layers name their tensors "layer" or "layer/part". */
function layerOf(name: string): string {
  return name.split("/", 1)[0];
}

/**
 * Refuses a training that would take more memory than this machine has for it, before any of it is reserved.
 *
 * @param needs.samples of a shard: so many are in memory at once
 * @param needs.weightBytes of the weights and all that is kept for each of them
 * @throws TinymlError TINYML_OUT_OF_MEMORY that names the largest layer
 */
export function checkTrainingMemory(
  model: Model,
  { batchSize, samples, weightBytes }: { batchSize: number; samples: number; weightBytes: number },
): void {
  const shared = new Set(sharedOutputs(model));
  const computed = model.tensors.filter(({ data }, index) => data === undefined && !shared.has(index));
  const activationBytes = computed.reduce((sum, tensor) => sum + samples * tensorBytes(tensor), 0);
  const bytes = weightBytes + activationBytes;
  if (bytes <= maximumBytes) return;
  const megabytes = (size: number): number => Math.ceil(size / 1e6);
  const byActivations = activationBytes > weightBytes;
  const candidates = byActivations ? computed : model.tensors.filter(({ data }) => data !== undefined);
  const largest = candidates.reduce((a, b) => (tensorBytes(b) > tensorBytes(a) ? b : a));
  const cause = byActivations
    ? `most of it for what ${layerOf(largest.name)} gives for a batch of ${batchSize} samples. Use a smaller batchSize, or a smaller layer there`
    : `most of it for the weights of ${layerOf(largest.name)}. Use a smaller layer there, or pool before it`;
  throw new TinymlError(
    "TINYML_OUT_OF_MEMORY",
    `This training needs ${megabytes(bytes)} MB, and on this machine it may take ${Math.floor(maximumBytes / 1e6)} MB; ${cause}.`,
  );
}
