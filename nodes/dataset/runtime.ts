import type { NodeAPI } from "node-red";
import { createDatasetSource, createFilesSource, offerDataset, registerNode, registerRoutes } from "../lib";
import { type DatasetConfig, parseConfig } from "./config";

/** The configuration node tinyml-dataset: a named dataset that other nodes share. */
export function register(RED: NodeAPI): void {
  registerRoutes(RED);
  registerNode(
    RED,
    "tinyml-dataset",
    parseConfig,
    ({ node, storage }, config) => {
      const { name, kind, path, task } = config;
      const source =
        kind === "files" ? createFilesSource(name, path, task) : createDatasetSource(storage, name, describe(config));
      offerDataset(node, source);
      return { close: () => source.close() };
    },
    // Who uses the dataset has to hear what is wrong with it, not that there is none.
    { onRefused: (node, error) => offerDataset(node, error) },
  );
}

function describe({ task, channels, labels, targets }: DatasetConfig) {
  const answers = task === "regression" ? { targets: [...targets] } : { labels: [...labels] };
  return { version: 1, kind: "table", task, channels: [...channels], ...answers } as const;
}
