import type { NodeMessage } from "node-red";
import {
  createLabelDecider,
  type DiscoveryMessage,
  homeAssistantDiscovery,
  isLabelPrediction,
  type Message,
  type Model,
  type Prediction,
} from "../lib";
import type { PredictConfig } from "./config";

/**
 * Milliseconds after which sensors are announced again, the first time and every further time: what comes while there is no connection
 * to the broker, mqtt out drops, and a flow's first predictions often come before there is one.
 */
const announceAgain = 5000;
const announceEvery = 60_000;

/** What a node that predicts says, by its settings. */
export interface Answers {
  /** Another model answers from here on. */
  use(model: Model): void;
  /** What announces the model's sensors to Home Assistant, with a prediction; none when that was done a short time ago. `time` is in milliseconds. */
  announcements(time: number): NodeMessage[];
  /** Makes a message the one that tells a prediction; undefined when the prediction is held back. */
  answer(message: Message, prediction: Prediction, time: number): Message | undefined;
}

/** Answers by these settings. */
export function createAnswers(config: PredictConfig): Answers {
  const { onlyLabel, rules, homeAssistant, stateTopic, availabilityTopic } = config;
  const decider = createLabelDecider(rules);
  let sensors: DiscoveryMessage[] = [];
  let next = -Infinity;
  let isFirst = true;
  return {
    use(model) {
      decider.forget();
      if (!homeAssistant) return;
      const furtherLabels = rules.minimumConfidence > 0 && rules.rejection !== "" ? [rules.rejection] : [];
      sensors = homeAssistantDiscovery(model, { stateTopic, availabilityTopic, onlyLabel, furtherLabels });
      next = -Infinity;
      isFirst = true;
    },
    announcements(time) {
      if (sensors.length === 0 || time < next) return [];
      next = time + (isFirst ? announceAgain : announceEvery);
      isFirst = false;
      // Nodes that get a message may change it.
      return sensors.map((sensor) => structuredClone({ ...sensor }));
    },
    answer(message, prediction, time) {
      if (!isLabelPrediction(prediction)) return Object.assign(message, { payload: prediction }, topicOf(config));
      const told = decider.decide(prediction, message.topic ?? "", time);
      if (told === undefined) return undefined;
      return Object.assign(message, { payload: onlyLabel ? told.label : told }, topicOf(config));
    },
  };
}

/** With Home Assistant: what makes a message the newest state of its sensors, which it still knows after a restart. */
function topicOf({ homeAssistant, stateTopic }: PredictConfig): object {
  return homeAssistant ? { topic: stateTopic, retain: true } : {};
}
