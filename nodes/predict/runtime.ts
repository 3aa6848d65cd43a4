import type { NodeAPI } from "node-red";
import {
  commandOf,
  type ModelInUse,
  modelIn,
  onModelStored,
  PredictionQueue,
  registerNode,
  reportModelInUse,
  summarizeModel,
  TinymlError,
  toTinymlError,
  warmUp,
} from "../lib";
import { createAnswers } from "./answers";
import { parseConfig } from "./config";
import { nameOf, readOwnModel } from "./own-model";
import { createDisplay } from "./show-predictions";

/** The node tinyml-predict: readings become predictions. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-predict", parseConfig, ({ node, status, storage, text, fail }, config) => {
    const queue = new PredictionQueue();
    const answers = createAnswers(config);
    const show = createDisplay({ status, text });
    let closed = false;
    let inUse = false;
    let name = "";

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
        answers.use(model);
        reportModelInUse(node.id, () => ({ summary: summarizeModel(model, bytes) }));
        status.show("green", "ring", text("status.loaded", { name }));
      });
    /** The same for a model that no message brought. */
    const useOwn = async (source: Parameters<PredictionQueue["use"]>[0]): Promise<void> => {
      try {
        await use(source);
      } catch (error) {
        // Not trained yet: that is what the status says already.
        if (error instanceof TinymlError && error.code === "TINYML_NO_MODEL") return warmUp();
        const { message: problem } = toTinymlError(error);
        if (!inUse) reportModelInUse(node.id, () => ({ problem }));
        fail(error);
      }
    };
    const readOwn = () => readOwnModel(RED, storage, config);

    status.show("yellow", "ring", text("status.waiting"));
    const stopFollowing =
      config.source === "stored" ? onModelStored(storage, config.model, (bytes) => void useOwn(bytes)) : () => {};
    if (config.source !== "message") void useOwn(readOwn);
    // When the flows have started.
    else setImmediate(warmUp);

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
        const features = "features" in message ? message.features : undefined;
        return then(queue.predict(message.payload, features), (prediction) => {
          // The status says already that there is no model, or what is wrong with it.
          if (prediction === undefined) return;
          show(name, prediction, queue.dropped);
          const now = performance.now();
          const sensors = answers.announcements(now);
          if (sensors.length > 0) send([null, sensors]);
          const answer = answers.answer(message, prediction, now);
          if (answer !== undefined) send(answer);
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
