import type { NodeContext, Prediction } from "../lib";
import { shortPrediction } from "./short-prediction";

/** A function that shows predictions in the node's status, yellow when readings were dropped since the one before. */
export function createDisplay({ status, text }: Pick<NodeContext, "status" | "text">) {
  let droppedBefore = 0;
  return (name: string, prediction: Prediction, dropped: number): void => {
    status.show(dropped > droppedBefore ? "yellow" : "green", "dot", () =>
      text(dropped > 0 ? "status.dropped" : "status.predicted", { name, value: shortPrediction(prediction), dropped }),
    );
    droppedBefore = dropped;
  };
}
