import { isLabelPrediction, type Prediction } from "../lib";

/** A prediction in the few words that a node's status has room for. */
export function shortPrediction(prediction: Prediction): string {
  if (isLabelPrediction(prediction)) return `${prediction.label} ${Math.round(prediction.confidence * 100)} %`;
  const short = (numbers: readonly number[]): string => {
    const shown = numbers.slice(0, 4).map((number) => Number(number.toPrecision(3)));
    return shown.join(", ") + (numbers.length > shown.length ? ", …" : "");
  };
  if (typeof prediction === "number") return short([prediction]);
  if (Array.isArray(prediction)) return short(prediction);
  return Object.entries(prediction)
    .map(([output, numbers]) => `${output} ${short(numbers)}`)
    .join("; ");
}
