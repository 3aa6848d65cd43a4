import type { NodeAPI } from "node-red";
import {
  createFeatureExtractor,
  defaultNames,
  type FeatureExtractor,
  featureNames,
  modelIn,
  readTflite,
  registerNode,
  splitBlocks,
  TinymlError,
  windowOf,
} from "../lib";
import { parseConfig } from "./config";

/** The node tinyml-features: windows become features. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-features", parseConfig, ({ status, text }, config) => {
    let blocks = config;
    let prepared: { shape: string; extractor: FeatureExtractor } | undefined;
    const forget = (): void => {
      prepared?.extractor.dispose();
      prepared = undefined;
    };

    status.show("grey", "ring", text(blocks === undefined ? "status.waiting" : "status.ready"));
    return {
      input(message, send) {
        const model = modelIn(message.payload);
        if (model !== undefined) {
          if (config !== undefined) throw ownFeatures();
          const { name, features = [] } = readTflite(model).metadata ?? {};
          forget();
          blocks = splitBlocks(features).shaping;
          status.show("green", "ring", text("status.model", { name: name ?? "" }));
          return;
        }
        if (blocks === undefined) {
          throw new TinymlError(
            "TINYML_NO_MODEL",
            "This node makes the features of a model, and none came yet. Send it one.",
          );
        }
        const window = windowOf(message);
        if (window === undefined) {
          throw new TinymlError(
            "TINYML_CHANNEL_COUNT",
            "Features are those of a window of readings. Put a window node before this one.",
          );
        }
        const shape = [window.values.length / window.channels, window.channels];
        if (prepared?.shape !== `${shape}`) {
          forget();
          prepared = { shape: `${shape}`, extractor: createFeatureExtractor(blocks, shape) };
        }
        const payload = prepared.extractor.extract(window.values);
        const channels = window.names ?? defaultNames(window.channels);
        const { length: count } = payload;
        status.show("green", "dot", () => text("status.features", { count }));
        send(Object.assign(message, { payload, features: blocks, featureNames: featureNames(blocks, channels) }));
      },
      close: forget,
    };
  });
}

function ownFeatures(): TinymlError {
  return new TinymlError(
    "TINYML_FEATURES_MISMATCH",
    "This node has features of its own, and a model came. Open the node and choose the features of a model.",
  );
}
