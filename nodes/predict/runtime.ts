import type { NodeAPI } from "node-red";
import {
  createPredictor,
  isTflite,
  onModelStored,
  type Prediction,
  type Predictor,
  readingOf,
  readStoredModel,
  readTflite,
  registerNode,
  TinymlError,
} from "../lib";
import { parseConfig } from "./config";

/** The node tinyml-predict: readings become predictions. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-predict", parseConfig, ({ status, storage, text, fail }, config) => {
    let predictor: Predictor | undefined;
    let unsubscribe = () => {};
    let closed = false;

    /** Takes the model from the next reading on; a model that can't be used leaves the one before in place. */
    const use = (bytes: Uint8Array) => {
      const next = createPredictor(readTflite(bytes));
      predictor?.dispose();
      predictor = next;
      status.show("green", "ring", text("status.loaded", { name: nameOf(next, config.model) }));
    };
    /** The same for a model that no message brought. */
    const useStored = (bytes: Uint8Array) => {
      try {
        use(bytes);
      } catch (error) {
        fail(error);
      }
    };

    status.show("yellow", "ring", text("status.waiting"));
    if (config.model !== "") {
      unsubscribe = onModelStored(storage, config.model, useStored);
      readStoredModel(storage, config.model).then(
        // A model that came by message or was trained in the meantime is newer.
        (bytes) => predictor === undefined && !closed && useStored(bytes),
        // Not trained yet: that is what the status says already.
        (error) => closed || (error instanceof TinymlError && error.code === "TINYML_NO_MODEL") || fail(error),
      );
    }
    return {
      input(message, send) {
        if (isTflite(message.payload)) {
          use(message.payload);
          return;
        }
        if (predictor === undefined) {
          status.show("yellow", "ring", text("status.waiting"));
          return;
        }
        const prediction = predictor.predict(readingOf(message.payload));
        const model = predictor;
        status.show("green", "dot", () =>
          text("status.predicted", { name: nameOf(model, config.model), value: shortPrediction(prediction) }),
        );
        message.payload = config.onlyLabel && isLabelled(prediction) ? prediction.label : prediction;
        send(message);
      },
      close() {
        closed = true;
        unsubscribe();
        predictor?.dispose();
        predictor = undefined;
      },
    };
  });
}

function nameOf({ model }: Predictor, stored: string): string {
  return model.metadata?.name || stored || "model";
}

function isLabelled(prediction: Prediction): prediction is Extract<Prediction, { label: string }> {
  return typeof prediction === "object" && !Array.isArray(prediction);
}

function shortPrediction(prediction: Prediction): string {
  if (isLabelled(prediction)) return `${prediction.label} ${Math.round(prediction.confidence * 100)} %`;
  const numbers = typeof prediction === "number" ? [prediction] : Object.values(prediction).flat();
  return numbers.map((number) => Number(number.toPrecision(3))).join(", ");
}
