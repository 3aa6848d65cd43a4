import { labelsOf } from "../model/labels";
import type { Model } from "../model/model";

/** How a model's predictions reach Home Assistant. */
export interface DiscoveryOptions {
  /** The topic to which predictions are published. What Home Assistant knows the sensors by is made of it. */
  readonly stateTopic: string;
  /** The topic that says "online" or "offline"; without one, or with "", the sensors always count as there. */
  readonly availabilityTopic?: string;
  /** Whether only the label is published, not the object with confidence and scores. */
  readonly onlyLabel?: boolean;
  /** Labels that the model doesn't know but that are published too: that of rejection. */
  readonly furtherLabels?: readonly string[];
}

/** A message for an MQTT client, as Node-RED's mqtt out node takes it. */
export interface DiscoveryMessage {
  topic: string;
  payload: Record<string, unknown>;
  retain: true;
  qos: 1;
}

/** A sensor as Home Assistant's MQTT integration describes it, without what all sensors of a model share. */
interface Sensor {
  id: string;
  name: string;
  value_template: string;
  [field: string]: unknown;
}

/**
 * The retained messages by which Home Assistant's MQTT discovery makes sensors of a model's predictions: label and confidence of a
 * classifier, each number of a regression. None for a model with several outputs. The fields are those of
 * https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery and https://www.home-assistant.io/integrations/sensor.mqtt/.
 */
export function homeAssistantDiscovery(model: Model, options: DiscoveryOptions): DiscoveryMessage[] {
  const { stateTopic, availabilityTopic = "" } = options;
  const device = `tinyml_${identifierOf(stateTopic)}`;
  const name = model.metadata?.name || "TinyML model";
  return sensorsOf(model, options).map(({ id, ...sensor }) => {
    const unique_id = `${device}_${id}`;
    return {
      topic: `homeassistant/sensor/${unique_id}/config`,
      payload: {
        ...sensor,
        unique_id,
        state_topic: stateTopic,
        ...(availabilityTopic === "" ? {} : { availability_topic: availabilityTopic }),
        device: { identifiers: [device], name, manufacturer: "TinyML Flows", model: name },
        origin: { name: "TinyML Flows", support_url: "https://github.com/tinyml-flows/node-red-tinyml" },
      },
      retain: true,
      qos: 1,
    };
  });
}

function sensorsOf(model: Model, { onlyLabel = false, furtherLabels = [] }: DiscoveryOptions): Sensor[] {
  if (model.outputs.length > 1) return [];
  const labels = labelsOf(model);
  if (labels === undefined) return numbersOf(model);
  const label: Sensor = {
    id: "label",
    name: "Label",
    icon: "mdi:tag",
    device_class: "enum",
    options: [...new Set([...labels, ...furtherLabels])],
    value_template: onlyLabel ? "{{ value }}" : "{{ value_json.label }}",
  };
  if (onlyLabel) return [label];
  const confidence: Sensor = {
    id: "confidence",
    name: "Confidence",
    icon: "mdi:percent",
    state_class: "measurement",
    unit_of_measurement: "%",
    value_template: "{{ (value_json.confidence * 100) | round(1) }}",
  };
  return [label, confidence];
}

function numbersOf({ metadata, outputs, tensors }: Model): Sensor[] {
  const count = tensors[outputs[0]].shape.reduce((product, dimension) => product * dimension, 1);
  return Array.from({ length: count }, (_, i) => {
    const target = metadata?.targets?.[i];
    return {
      id: `value${i + 1}`,
      name: target?.name ?? (count === 1 ? "Value" : `Value ${i + 1}`),
      state_class: "measurement",
      ...(target?.unit ? { unit_of_measurement: target.unit } : {}),
      value_template: count === 1 ? "{{ value }}" : `{{ value_json[${i}] }}`,
    };
  });
}

/** A topic in the letters that a topic of discovery may have, different for each topic: "home/living-room" gives "home_living-2d-room". */
function identifierOf(topic: string): string {
  return Array.from(topic, (letter) => {
    if (/[A-Za-z0-9]/.test(letter)) return letter;
    return letter === "/" ? "_" : `-${letter.codePointAt(0)?.toString(16)}-`;
  }).join("");
}
