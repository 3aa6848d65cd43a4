import { basename } from "node:path";
import type { NodeAPI } from "node-red";
import {
  commandOf,
  isLabelPrediction,
  type ModelInUse,
  modelIn,
  onModelStored,
  PredictionQueue,
  readModelFile,
  readStoredModel,
  registerNode,
  reportModelInUse,
  summarizeModel,
  TinymlError,
  toTinymlError,
  userFile,
} from "../lib";
import { announcing } from "./announcing";
import { type PredictConfig, parseConfig } from "./config";
import { shortPrediction } from "./short-prediction";
import { tellingLabels } from "./telling-labels";

/** The node tinyml-predict: readings become predictions. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-predict", parseConfig, ({ node, status, storage, text, fail }, config) => {
    const queue = new PredictionQueue();
    let closed = false;
    let inUse = false;
    let name = "";
    let droppedBefore = 0;
    let announce: ReturnType<typeof announcing> = () => undefined;
    const told = tellingLabels(config.rules);

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
        inUse = true;
        reportModelInUse(node.id, () => ({ summary: summarizeModel(model, bytes) }));
        announce = announcing(config, node.id, name, model.metadata);
        status.show("green", "ring", text("status.loaded", { name }));
      });
    /** The same for a model that no message brought. */
    const useOwn = async (source: Parameters<PredictionQueue["use"]>[0]): Promise<void> => {
      try {
        await use(source);
      } catch (error) {
        // Not trained yet: that is what the status says already.
        if (error instanceof TinymlError && error.code === "TINYML_NO_MODEL") return;
        const { message: problem } = toTinymlError(error);
        if (!inUse) reportModelInUse(node.id, () => ({ problem }));
        fail(error);
      }
    };
    /** Reads the model that the settings name. */
    const readOwn = async (): Promise<Uint8Array> => {
      if (config.source === "file") return readModelFile(userFile(RED, config.file));
      if (config.source === "stored") return readStoredModel(storage, config.model);
      throw new TinymlError(
        "TINYML_NO_MODEL",
        "This node waits for a model in a message, so there is nothing to load again. Send the model again, or choose a stored model or a file in the node.",
      );
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
        const model = modelIn(message.payload);
        if (model !== undefined) return use(model);
        // No reading is a buffer: it was meant to be a model, and reading it says what is wrong.
        if (!inUse && Buffer.isBuffer(message.payload)) return use(message.payload);
        return then(
          queue.predict(message.payload, "features" in message ? message.features : undefined),
          (prediction) => {
            // The status says already that there is no model, or what is wrong with it.
            if (prediction === undefined) return;
            const { dropped } = queue;
            status.show(dropped > droppedBefore ? "yellow" : "green", "dot", () =>
              text(dropped > 0 ? "status.dropped" : "status.predicted", {
                name,
                value: shortPrediction(prediction),
                dropped,
              }),
            );
            droppedBefore = dropped;
            const decided = told(prediction, message.topic);
            if (decided === undefined) return;
            message.payload = config.onlyLabel && isLabelPrediction(decided) ? decided.label : decided;
            const discovery = announce();
            send(discovery === undefined ? message : [message, discovery]);
          },
        );
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
  return (source === "stored" && model) || (source === "file" && basename(file)) || "model";
}
