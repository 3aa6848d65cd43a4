import assert from "node:assert/strict";
import { homeAssistantDiscovery } from "../../src/runtime/home-assistant";
import { randomNetwork } from "../support/models";

const classifier = randomNetwork({
  inputs: 2,
  layers: [{ units: 3, activation: "SOFTMAX" }],
  labels: ["low", "middle", "high"],
  name: "knob",
});

describe("discovery by Home Assistant", () => {
  it("announces the label and the confidence of a classifier", () => {
    const shared = {
      state_topic: "home/knob",
      device: { identifiers: ["tinyml_home_knob"], name: "knob", manufacturer: "TinyML Flows", model: "knob" },
      origin: { name: "TinyML Flows", support_url: "https://github.com/tinyml-flows/node-red-tinyml" },
    };
    assert.deepEqual(homeAssistantDiscovery(classifier, { stateTopic: "home/knob", furtherLabels: ["unknown"] }), [
      {
        topic: "homeassistant/sensor/tinyml_home_knob_label/config",
        payload: {
          name: "Label",
          icon: "mdi:tag",
          device_class: "enum",
          options: ["low", "middle", "high", "unknown"],
          value_template: "{{ value_json.label }}",
          unique_id: "tinyml_home_knob_label",
          ...shared,
        },
        retain: true,
        qos: 1,
      },
      {
        topic: "homeassistant/sensor/tinyml_home_knob_confidence/config",
        payload: {
          name: "Confidence",
          icon: "mdi:percent",
          state_class: "measurement",
          unit_of_measurement: "%",
          value_template: "{{ (value_json.confidence * 100) | round(1) }}",
          unique_id: "tinyml_home_knob_confidence",
          ...shared,
        },
        retain: true,
        qos: 1,
      },
    ]);
  });

  it("announces the label alone where nothing else is published", () => {
    const [label, ...others] = homeAssistantDiscovery(classifier, { stateTopic: "knob", onlyLabel: true });
    assert.deepEqual(others, []);
    assert.equal(label?.payload.value_template, "{{ value }}");
  });

  it("announces each number of a regression, with its unit where it is known", () => {
    const numbers = (outputs: number) =>
      homeAssistantDiscovery(randomNetwork({ inputs: 2, layers: [{ units: outputs, activation: "NONE" }] }), {
        stateTopic: "x",
      }).map(({ payload: { name, value_template } }) => [name, value_template]);
    assert.deepEqual(
      numbers(1).map(([, template]) => template),
      ["{{ value }}"],
    );
    assert.deepEqual(
      numbers(2).map(([, template]) => template),
      ["{{ value_json[0] }}", "{{ value_json[1] }}"],
    );
    const thermometer = randomNetwork({ inputs: 2, layers: [{ units: 1, activation: "NONE" }] });
    assert.ok(thermometer.metadata !== undefined);
    const metadata = { ...thermometer.metadata, targets: [{ name: "warmth", unit: "°C" }] };
    const [{ payload }] = homeAssistantDiscovery({ ...thermometer, metadata }, { stateTopic: "x" });
    assert.deepEqual([payload.name, payload.unit_of_measurement], ["warmth", "°C"]);
  });

  it("names availability where there is a topic for it", () => {
    const [label] = homeAssistantDiscovery(classifier, { stateTopic: "knob", availabilityTopic: "pi/status" });
    assert.equal(label?.payload.availability_topic, "pi/status");
    const [without] = homeAssistantDiscovery(classifier, { stateTopic: "knob", availabilityTopic: "" });
    assert.ok(!("availability_topic" in (without?.payload ?? {})));
  });

  it("gives every topic an identifier of its own, in the letters that Home Assistant takes", () => {
    const topics = ["a/b", "a_b", "a-b", "a b", "a/-5f-b", "a_5f_b", "ä/b", "A/b", "a//b", "", "🙂", "a/b/"];
    const ids = topics.map((stateTopic) => homeAssistantDiscovery(classifier, { stateTopic })[0]?.payload.unique_id);
    assert.equal(new Set(ids).size, topics.length);
    for (const id of ids) assert.match(String(id), /^[a-zA-Z0-9_-]+$/);
  });
});
