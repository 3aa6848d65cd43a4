import type { NodeMessage } from "node-red";
import { homeAssistantDiscovery, type Metadata } from "../lib";
import type { PredictConfig } from "./config";

/** Milliseconds after which Home Assistant is told again: while there is no connection to a broker, Node-RED drops what is to be published. */
const interval = 60_000;

/**
 * A function that gives, with a prediction, the messages that let Home Assistant find it: with the first one, and then once a minute;
 * undefined otherwise, and where it is not to be told.
 */
export function announcing(
  { stateTopic, onlyLabel }: PredictConfig,
  id: string,
  name: string,
  metadata: Metadata | undefined,
): () => NodeMessage[] | undefined {
  let told = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (stateTopic === "" || now - told < interval) return undefined;
    told = now;
    return homeAssistantDiscovery(metadata, { id, name, stateTopic, onlyLabel }).map((message) => ({ ...message }));
  };
}
