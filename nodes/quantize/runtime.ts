import type { NodeAPI } from "node-red";
import {
  findDataset,
  modelOf,
  readOptionsOf,
  readTflite,
  registerNode,
  startQuantizing,
  storeModel,
  summarizeModel,
  writeTflite,
} from "../lib";
import { parseConfig } from "./config";

/** The node tinyml-quantize: a float model becomes an int8 model, with the dataset's training rows for its ranges. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-quantize", parseConfig, ({ status, storage, text }, config) => ({
    inOrder: true,
    async input(message, send) {
      const source = findDataset(RED, config.dataset);
      status.show("blue", "dot", text("status.quantizing"));
      const bytesBefore = await modelOf(message.payload, storage, config.model);
      const original = readTflite(bytesBefore);
      const model = await startQuantizing({
        model: original,
        table: await source.read(readOptionsOf(original.metadata)),
      });
      const name = model.metadata?.name ?? `${config.model || "model"}-int8`;
      const bytes = Buffer.from(writeTflite(model));
      await storeModel(storage, name, bytes);
      const summary = summarizeModel(model, bytes.length);
      // The weights are what a board stores. The file also holds texts and curves for people, of the same size as before.
      const before = summarizeModel(original, bytesBefore.length).parameterBytes;
      status.show("green", "dot", text("status.quantized", { before, after: summary.parameterBytes }));
      send({ ...message, payload: bytes, model: summary });
    },
  }));
}
