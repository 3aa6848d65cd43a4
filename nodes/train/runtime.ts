import type { NodeAPI } from "node-red";
import {
  beginRun,
  commandOf,
  findDataset,
  type Message,
  type OpenRun,
  type Run,
  registerNode,
  registerRoutes,
  type Send,
  startTraining,
  storeModel,
  summarizeModel,
  TinymlError,
  writeTflite,
} from "../lib";
import { parseConfig } from "./config";
import { chooseRecipe } from "./recipe";

/** The node tinyml-train: a dataset becomes a model, in a worker thread. */
export function register(RED: NodeAPI): void {
  registerRoutes(RED);
  registerNode(RED, "tinyml-train", parseConfig, ({ node, status, storage, text }, config) => {
    let training: Promise<void> | undefined;
    let open: OpenRun | undefined;
    let closed = false;

    const publish = (run: Run) => {
      RED.comms.publish(`tinyml/training/${node.id}`, run, false);
      if (run.state === "running") status.show("blue", "dot", text("status.training", describe(run)));
      else if (run.state === "finished") status.show("green", "dot", text("status.trained", describe(run)));
      else if (run.state === "stopped") status.show("grey", "ring", text("status.stopped", describe(run)));
    };

    async function train(message: Message, send: Send): Promise<void> {
      const source = findDataset(RED, config.dataset);
      status.show("blue", "ring", text("status.preparing"));
      const table = await source.read();
      const recipe = chooseRecipe(config, message, table);
      open = await beginRun(
        storage,
        { node: node.id, model: config.model, dataset: source.name, epochs: recipe.training.epochs },
        publish,
      );
      if (closed) open.stop();
      try {
        const hooks = { onProgress: open.progress, signal: open.signal };
        const model = await startTraining({ recipe, table, name: config.model }, hooks);
        const bytes = Buffer.from(writeTflite(model));
        await storeModel(storage, config.model, bytes);
        if (model.metadata?.report !== undefined) await open.finish(model.metadata.report);
        send({ ...message, payload: bytes, model: summarizeModel(model, bytes.length) });
      } catch (error) {
        await open.fail(error);
        throw error;
      } finally {
        open = undefined;
      }
    }

    return {
      input(message, send) {
        const command = message.train === undefined ? "start" : commandOf(message.train, "train", ["start", "stop"]);
        if (command === "stop") {
          open?.stop();
          return undefined;
        }
        if (training !== undefined) {
          throw new TinymlError(
            "TINYML_TRAINING_BUSY",
            `"${config.model}" is being trained already. Wait for it, or stop it with msg.train = "stop".`,
          );
        }
        const done = train(message, send).finally(() => {
          training = undefined;
        });
        training = done;
        return done;
      },
      async close() {
        closed = true;
        open?.stop();
        await training?.catch(() => undefined);
      },
    };
  });
}

function describe({ epoch, epochs, loss, validationLoss }: Run) {
  const digits = (value: number | undefined) => value?.toPrecision(3) ?? "–";
  return { epoch, epochs, loss: digits(loss), validationLoss: digits(validationLoss) };
}
