import { dirname } from "node:path";
import type { NodeAPI } from "node-red";
import {
  beginRun,
  claimModel,
  commandOf,
  findDataset,
  interruptedRunOf,
  lastRunOf,
  type Message,
  type Run,
  registerNode,
  registerRoutes,
  type Send,
  startTraining,
  storeModel,
  summarizeModel,
  toTinymlError,
  writeTflite,
} from "../lib";
import { parseConfig } from "./config";
import { chooseRecipe, windowsOf } from "./recipe";

/** The node tinyml-train: a dataset becomes a model, in a worker thread. */
export function register(RED: NodeAPI): void {
  registerRoutes(RED);
  registerNode(RED, "tinyml-train", parseConfig, ({ node, status, storage, text, fail }, config) => {
    /** The training that this node is in, from the message on: also while it reads the dataset. */
    let current: { controller: AbortController; epoch(): number; done: Promise<void> } | undefined;
    let closed = false;

    const byTensorFlow = config.engine === "tfjs-node";
    // Whoever installs it does so in Node-RED's user folder, as any package of flows.
    const engine = byTensorFlow ? { tfjsNode: { folder: dirname(storage) } } : {};

    const show = (run: Run) => {
      if (run.ahead !== undefined) status.show("blue", "ring", text("status.waiting", { ahead: run.ahead }));
      else if (run.state === "running") status.show("blue", "dot", text("status.training", describe(run)));
      else if (run.state === "finished") {
        const key = run.accuracy === undefined ? "trained" : "trainedWithAccuracy";
        status.show("green", "dot", text(`status.${key}`, describe(run)));
      } else if (run.state === "stopped") status.show("grey", "ring", text("status.stopped", describe(run)));
    };
    const publish = (run: Run) => {
      RED.comms.publish(`tinyml/training/${node.id}`, run, false);
      show(run);
    };

    async function train(
      message: Message,
      send: Send,
      { controller, resume, begun }: { controller: AbortController; resume: boolean; begun(run: Run): void },
    ) {
      const { signal } = controller;
      const interrupted = resume ? await interruptedRunOf(storage, node.id) : undefined;
      const source = findDataset(RED, config.dataset);
      status.show("blue", "ring", text("status.preparing"));
      const table = await source.read(windowsOf(config, message));
      if (signal.aborted) {
        status.show("grey", "ring", text("status.cancelled"));
        return;
      }
      const recipe = chooseRecipe(config, message, table);
      const { epochs } = recipe.training;
      // In a subflow the editor knows the node by its id in the template.
      const alias = "_alias" in node && typeof node._alias === "string" ? { alias: node._alias } : {};
      const start = {
        node: node.id,
        ...alias,
        model: config.model,
        dataset: source.name,
        readings: table.rows,
        epochs,
        recipe,
      };
      const open = await beginRun(storage, start, controller, publish, interrupted);
      begun(open.run);
      try {
        const task = { recipe, table, name: config.model, checkpoint: { file: open.checkpoint, resume }, ...engine };
        const model = await startTraining(task, {
          threads: byTensorFlow ? 1 : config.threads,
          onProgress: open.progress,
          onWaiting: open.waiting,
          onStart: () => open.waiting(undefined),
          signal,
        });
        const bytes = Buffer.from(writeTflite(model));
        await storeModel(storage, config.model, bytes);
        if (model.metadata?.report !== undefined) await open.finish(model.metadata.report);
        send({ ...message, payload: bytes, model: summarizeModel(model, bytes.length) });
      } catch (error) {
        await open.fail(error);
        // What somebody stopped has not gone wrong: the run and the status say it, and no Catch node is alarmed.
        if (!signal.aborted || toTinymlError(error).code !== "TINYML_TRAINING_CANCELLED") throw error;
      }
    }

    // After a deploy or a restart the status still says that the last training was cut short.
    lastRunOf(storage, node.id).then((run) => {
      if (run?.state === "stopped" && current === undefined && !closed) show(run);
    }, fail);
    return {
      input(message, send) {
        const command =
          message.train === undefined ? "start" : commandOf(message.train, "train", ["start", "stop", "resume"]);
        if (command === "stop") {
          current?.controller.abort();
          return undefined;
        }
        const release = claimModel(storage, config.model);
        const controller = new AbortController();
        let run: Run | undefined;
        const begun = (opened: Run) => {
          run = opened;
        };
        const done = train(message, send, { controller, resume: command === "resume", begun }).finally(() => {
          release();
          current = undefined;
        });
        current = { controller, epoch: () => run?.epoch ?? 0, done };
        return done;
      },
      async close() {
        closed = true;
        if (current === undefined) return;
        const { controller, epoch, done } = current;
        controller.abort();
        await done.catch(() => undefined);
        node.log(text("log.stopped", { model: config.model, epoch: epoch() }));
      },
    };
  });
}

function describe({ epoch, epochs, loss, validationLoss, accuracy, readings }: Run) {
  const digits = (value: number | undefined) => value?.toPrecision(3) ?? "–";
  return {
    epoch,
    epochs,
    loss: digits(loss),
    validationLoss: digits(validationLoss),
    accuracy: accuracy === undefined ? "–" : `${(100 * accuracy).toFixed(1)} %`,
    readings: readings ?? "?",
  };
}
