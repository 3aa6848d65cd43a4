import path from "node:path";
import type { NodeAPI } from "node-red";
import {
  commandOf,
  isLabelPrediction,
  isTflite,
  type ModelInUse,
  onModelStored,
  PredictionQueue,
  readModelFile,
  readStoredModel,
  registerNode,
  reportModelInUse,
  summarizeModel,
  TinymlError,
  userFile,
} from "../lib";
import { type PredictConfig, parseConfig } from "./config";
import { shortPrediction } from "./short-prediction";

/** The node tinyml-predict: readings become predictions. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-predict", parseConfig, ({ node, status, storage, text, fail }, config) => {
    const queue = new PredictionQueue();
    let closed = false;
    let name = "";
    let droppedBefore = 0;

    /** What is done when the queue is through with something; when the node closes, what waits is let go of silently. */
    const then = <T>(outcome: T | Promise<T>, next: (value: T) => void): void | Promise<void> => {
      if (!(outcome instanceof Promise)) return next(outcome);
      return outcome.then(next).catch((error) => {
        if (!closed) throw error;
      });
    };
    const use = (source: Parameters<PredictionQueue["use"]>[0]): void | Promise<void> =>
      then(queue.use(source), ({ model, bytes }: ModelInUse) => {
        name = model.metadata?.name || nameOf(config);
        reportModelInUse(node.id, () => summarizeModel(model, bytes));
        status.show("green", "ring", text("status.loaded", { name }));
      });
    /** The same for a model that no message brought. */
    const useOwn = async (source: Parameters<PredictionQueue["use"]>[0]): Promise<void> => {
      try {
        await use(source);
      } catch (error) {
        // Not trained yet: that is what the status says already.
        if (!(error instanceof TinymlError && error.code === "TINYML_NO_MODEL")) fail(error);
      }
    };
    /** Reads the model that the settings name. */
    const readOwn = async (): Promise<Uint8Array> => {
      if (config.source === "file") return readModelFile(userFile(RED, config.file));
      if (config.source === "stored") return readStoredModel(storage, config.model);
      throw new TinymlError("TINYML_NO_MODEL", "The settings of this node name no model that could be loaded again.");
    };

    status.show("yellow", "ring", text("status.waiting"));
    const stopFollowing =
      config.source === "stored" ? onModelStored(storage, config.model, (bytes) => void useOwn(bytes)) : () => {};
    if (config.source !== "message") void useOwn(readOwn);

    return {
      input(message, send) {
        if ("predict" in message && message.predict !== undefined) {
          commandOf(message.predict, "predict", ["reload"]);
          return use(readOwn);
        }
        if (isTflite(message.payload)) return use(message.payload);
        return then(queue.predict(message.payload), (prediction) => {
          if (prediction === undefined) {
            status.show("yellow", "ring", text("status.waiting"));
            return;
          }
          const { dropped } = queue;
          status.show(dropped > droppedBefore ? "yellow" : "green", "dot", () =>
            text(dropped > 0 ? "status.dropped" : "status.predicted", {
              name,
              value: shortPrediction(prediction),
              dropped,
            }),
          );
          droppedBefore = dropped;
          message.payload = config.onlyLabel && isLabelPrediction(prediction) ? prediction.label : prediction;
          send(message);
        });
      },
      // The next prediction's status counts what was dropped.
      showError: ({ code }) => code === "TINYML_BUSY",
      close() {
        closed = true;
        stopFollowing();
        reportModelInUse(node.id, undefined);
        queue.dispose();
      },
    };
  });
}

function nameOf({ source, model, file }: PredictConfig): string {
  return (source === "stored" && model) || (source === "file" && path.basename(file)) || "model";
}
