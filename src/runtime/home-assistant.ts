import type { Metadata } from "../model/metadata";

/** A message for an MQTT broker, as Node-RED's "mqtt out" node takes it. */
export interface MqttMessage {
  topic: string;
  payload: object;
  retain: true;
  qos: 1;
}

/** What Home Assistant is told of a model's predictions. */
export interface DiscoveryOptions {
  /** Tells this source of predictions from others, for good: letters, digits, "_" and "-". */
  id: string;
  /** What people call it. */
  name: string;
  /** The topic under which the predictions are published. */
  stateTopic: string;
  /** Whether they are bare labels. */
  onlyLabel: boolean;
}

/** The prefix under which Home Assistant listens unless it is told otherwise. */
const prefix = "homeassistant";

/**
 * The messages of Home Assistant's MQTT discovery for a model's predictions: a sensor for the label and one for the confidence, or one for
 * each number. The broker keeps them, so that Home Assistant finds the sensors also when it starts later.
 *
 * Format: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
 */
export function homeAssistantDiscovery(
  metadata: Pick<Metadata, "task" | "labels" | "targets"> | undefined,
  { id, name, stateTopic, onlyLabel }: DiscoveryOptions,
): MqttMessage[] {
  const own = `tinyml_${id.replace(/[^A-Za-z0-9_-]/g, "_")}`;
  const device = { identifiers: [own], name, manufacturer: "TinyML Flows" };
  const sensor = (part: string, settings: object): MqttMessage => ({
    topic: `${prefix}/sensor/${own}/${part}/config`,
    payload: { ...settings, state_topic: stateTopic, unique_id: `${own}_${part}`, device },
    retain: true,
    qos: 1,
  });
  if (metadata?.task === "classification") {
    const options = metadata.labels ?? [];
    const label = {
      name: "Label",
      icon: "mdi:label",
      ...(onlyLabel ? {} : { value_template: "{{ value_json.label }}", json_attributes_topic: stateTopic }),
      ...(options.length > 0 && onlyLabel ? { options, device_class: "enum" } : {}),
    };
    if (onlyLabel) return [sensor("label", label)];
    const confidence = {
      name: "Confidence",
      unit_of_measurement: "%",
      state_class: "measurement",
      value_template: "{{ (value_json.confidence * 100) | round(1) }}",
    };
    return [sensor("label", label), sensor("confidence", confidence)];
  }
  const targets = metadata?.targets ?? [{ name: "Value", unit: "" }];
  return targets.map((target, i) =>
    sensor(`value_${i + 1}`, {
      name: target.name,
      state_class: "measurement",
      ...(target.unit !== "" && { unit_of_measurement: target.unit }),
      value_template: targets.length === 1 ? "{{ value }}" : `{{ value_json[${i}] }}`,
    }),
  );
}
