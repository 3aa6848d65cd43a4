import type { NodeAPI } from "node-red";
import {
  createDatasetSource,
  createFilesSource,
  type DatasetDescription,
  fillInVariables,
  offerDataset,
  registerNode,
  registerRoutes,
} from "../lib";
import { type DatasetConfig, parseConfig } from "./config";

/** The configuration node tinyml-dataset: a named dataset that other nodes share. */
export function register(RED: NodeAPI): void {
  registerRoutes(RED);
  registerNode(
    RED,
    "tinyml-dataset",
    parseConfig,
    ({ node, storage }, config) => {
      const { kind, path, task } = config;
      const name = fillInVariables(RED, node, config.name, "dataset");
      const source =
        kind === "files"
          ? createFilesSource(name, path, task)
          : createDatasetSource(storage, name, describe(config, kind));
      offerDataset(node, source);
      return { close: () => source.close() };
    },
    // Who uses the dataset has to hear what is wrong with it, not that there is none.
    { onRefused: (node, error) => offerDataset(node, error) },
  );
}

function describe(
  { task, channels, labels, targets, rateHz, quotaMegabytes }: DatasetConfig,
  kind: DatasetDescription["kind"],
): DatasetDescription {
  return {
    version: 1,
    kind,
    task,
    channels: [...channels],
    ...(task === "regression" ? { targets: [...targets] } : { labels: [...labels] }),
    ...(rateHz > 0 && { rateHz }),
    ...(quotaMegabytes > 0 && { quotaMegabytes }),
  };
}
