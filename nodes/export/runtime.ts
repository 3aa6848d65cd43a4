import type { NodeAPI } from "node-red";
import {
  findBoard,
  generateSketch,
  kernelSources,
  knownAnswer,
  modelOf,
  prepareModel,
  readTflite,
  registerNode,
  registerRoutes,
  writeSketch,
} from "../lib";
import { parseConfig } from "./config";

/** The node tinyml-export: a model becomes an Arduino sketch, in a folder and a zip. */
export function register(RED: NodeAPI): void {
  registerRoutes(RED);
  registerNode(RED, "tinyml-export", parseConfig, ({ node, status, storage, text }, config) => {
    const board = findBoard(config.board);
    return {
      inOrder: true,
      async input(message, send) {
        status.show("blue", "dot", text("status.writing"));
        const model = prepareModel(readTflite(await modelOf(message.payload, storage, config.model)));
        const name = config.sketch || model.metadata?.name || config.model || "model";
        const sketch = generateSketch(model, board, {
          template: "arduino",
          name,
          kernelSources: await kernelSources(),
          knownAnswer: knownAnswer(model),
        });
        const written = await writeSketch(storage, sketch, { node: node.id, ...config });
        const { flashBytes, ramBytes } = sketch.estimate ?? {};
        status.show("green", "dot", text("status.written", { flash: flashBytes ?? "?", ram: ramBytes ?? "?" }));
        const files = Object.keys(sketch.files);
        send({
          ...message,
          payload: { ...written, name: sketch.name, board: config.board, files, flashBytes, ramBytes },
        });
      },
    };
  });
}
