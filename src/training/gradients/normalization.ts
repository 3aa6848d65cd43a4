import type { OperatorOf } from "../../model/model";
import type { BatchSum, GradientRules, TrainingPlaces } from "./gradient-rule";

/** Batch normalization: in training by the statistics of the whole batch. */
export const NORMALIZATION_GRADIENTS: GradientRules<"BATCH_NORMALIZATION"> = {
  BATCH_NORMALIZATION: {
    forward(operator, places) {
      const { call } = places.kernels;
      const { input, output, gamma, beta, rows, channels, statistics, sums, squares } = describe(operator, places);
      const [x, y, factors, offsets] = [input, output, gamma, beta].map(places.value);
      const { epsilon } = operator.options;
      return [
        (batch) => call.tinyml_batch_sums(x, statistics, batch * rows, channels),
        sums,
        (batch) => call.tinyml_batch_squares(x, statistics, batch * rows, channels),
        squares,
        (batch) => call.tinyml_normalize_batch(x, y, batch * rows, channels, statistics, factors, offsets, epsilon),
      ];
    },
    backward(operator, places) {
      const { call } = places.kernels;
      const { input, output, gamma, beta, rows, channels, statistics, gradientSums } = describe(operator, places);
      const [x, factors] = [input, gamma].map(places.value);
      const [inputGradient, gammaGradient, betaGradient] = [input, gamma, beta].map(places.gradient);
      const outputGradient = places.gradient(output);
      const sum = (batch: number) =>
        call.tinyml_normalization_gradient_sums(
          x,
          outputGradient,
          statistics,
          gammaGradient,
          betaGradient,
          batch * rows,
          channels,
        );
      if (inputGradient === 0) return [sum];
      return [
        sum,
        gradientSums,
        (batch) =>
          call.tinyml_normalization_gradient(
            x,
            outputGradient,
            inputGradient,
            batch * rows,
            channels,
            statistics,
            factors,
          ),
      ];
    },
    afterBatch(operator, places) {
      const { call } = places.kernels;
      const { mean, variance, channels, statistics } = describe(operator, places);
      const [movingMean, movingVariance] = [mean, variance].map(places.value);
      const { momentum } = operator.options;
      return () => call.tinyml_move_statistics(movingMean, movingVariance, statistics, channels, momentum);
    },
  },
};

/** An operator's tensors by their names, its size, and its statistics as training_normalization.c lays them out. */
function describe(operator: OperatorOf<"BATCH_NORMALIZATION">, places: TrainingPlaces) {
  const [input, gamma, beta, mean, variance] = operator.inputs;
  const [output] = operator.outputs;
  const channels = places.model.tensors[output].shape.at(-1) ?? 1;
  const statistics = places.kept(output, 4 * (1 + 6 * channels));
  const sum = (from: number, count: number): BatchSum => ({ address: statistics + 4 * from, count });
  return {
    input,
    gamma,
    beta,
    mean,
    variance,
    output,
    channels,
    rows: places.count(output) / channels,
    statistics,
    sums: sum(0, 1 + channels),
    squares: sum(1 + channels, channels),
    gradientSums: sum(1 + 2 * channels, 2 * channels),
  };
}
