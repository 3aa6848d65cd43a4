import { basename } from "node:path";
import type { NodeAPI } from "node-red";
import { readModelFile, readStoredModel, TinymlError, userFile } from "../lib";
import type { PredictConfig } from "./config";

/** Reads the model that the settings name. @throws TinymlError TINYML_NO_MODEL where they name none, or it isn't there */
export async function readOwnModel(RED: NodeAPI, storage: string, config: PredictConfig): Promise<Uint8Array> {
  if (config.source === "file") return readModelFile(userFile(RED, config.file));
  if (config.source === "stored") return readStoredModel(storage, config.model);
  throw new TinymlError(
    "TINYML_NO_MODEL",
    "This node waits for a model in a message, so there is nothing to load again. Send the model again, or choose a stored model or a file in the node.",
  );
}

/** What a model is called that has no name of its own. */
export function nameOf({ source, model, file }: PredictConfig): string {
  return (source === "stored" && model) || (source === "file" && basename(file)) || "model";
}
