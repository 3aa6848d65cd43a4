import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { linkPackage, type RunningNodeRed, startNodeRed } from "../../build/node-red";
import { deployFlows } from "../support/admin";
import { temporaryFolder } from "../support/folders";
import { type Broker, requireMosquitto, startMosquitto } from "../support/mosquitto";
import { cloudsModel, fileOf } from "./support/data";
import { until } from "./support/flow";

/** Readings of the model's three labels. */
const readings = { left: [-1, -1], right: [1, 1], below: [1, -1] };

describe("predictions to an MQTT broker, by Node-RED's own nodes", function () {
  this.timeout(60_000);
  let broker: Broker;
  let nodeRed: RunningNodeRed;

  before(async function () {
    requireMosquitto(this);
    broker = await startMosquitto();
    const userFolder = await temporaryFolder();
    await writeFile(path.join(userFolder, "clouds.tflite"), fileOf(cloudsModel()));
    await linkPackage(userFolder);
    nodeRed = await startNodeRed({ userFolder, flows: [], settings: { mqttReconnectTime: 500 } });
    const { port, certificate, user, password } = broker;
    await deployFlows(nodeRed.url, [
      { id: "tab", type: "tab", label: "predictions" },
      {
        id: "trust",
        type: "tls-config",
        cert: "",
        key: "",
        ca: certificate,
        verifyservercert: true,
        servername: "localhost",
      },
      {
        ...{ id: "mosquitto", type: "mqtt-broker", broker: "127.0.0.1", port, tls: "trust", usetls: true },
        ...{ protocolVersion: 4, clientid: "node-red", keepalive: 5, cleansession: false, autoConnect: true },
        credentials: { user, password },
      },
      { id: "in", z: "tab", type: "http in", url: "/reading", method: "post", wires: [["predict", "answer"]] },
      { id: "answer", z: "tab", type: "http response", statusCode: "204", wires: [] },
      {
        ...{ id: "predict", z: "tab", type: "tinyml-predict", source: "file", file: "clouds.tflite", outputs: 2 },
        ...{ onlyChanges: true, homeAssistant: true, stateTopic: "tinyml/cloud" },
        wires: [["state"], ["discovery"]],
      },
      { id: "state", z: "tab", type: "mqtt out", broker: "mosquitto", topic: "tinyml/cloud", qos: "1", wires: [] },
      { id: "discovery", z: "tab", type: "mqtt out", broker: "mosquitto", wires: [] },
    ]);
    await until("Node-RED is connected", () => /Connected to broker/.test(nodeRed.log()));
  });

  after(async () => {
    await nodeRed?.stop();
    await broker?.stop();
  });

  async function send(label: keyof typeof readings): Promise<void> {
    const response = await fetch(new URL("reading", nodeRed.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(readings[label]),
    });
    assert.equal(response.status, 204);
  }

  const labelsIn = (messages: readonly string[]): unknown[] =>
    messages.map((message) => JSON.parse(message.slice(message.indexOf(" "))).label);

  it("arrive by TLS and password, whole and in their order, and only when the label changes", async () => {
    const { messages } = await broker.subscribe("tinyml/cloud", 3);
    for (const label of ["left", "left", "right", "right", "below"] as const) await send(label);
    assert.deepEqual(labelsIn(await messages), ["left", "right", "below"]);
  });

  it("are found by Home Assistant, also by one that comes later", async () => {
    const { messages } = await broker.subscribe("homeassistant/#", 2);
    const found = (await messages).map((message) => {
      const at = message.indexOf(" ");
      return [message.slice(0, at), JSON.parse(message.slice(at))] as const;
    });
    const device = { identifiers: ["tinyml_predict"], name: "clouds", manufacturer: "TinyML Flows" };
    assert.deepEqual(Object.fromEntries(found), {
      "homeassistant/sensor/tinyml_predict/label/config": {
        name: "Label",
        icon: "mdi:label",
        value_template: "{{ value_json.label }}",
        json_attributes_topic: "tinyml/cloud",
        state_topic: "tinyml/cloud",
        unique_id: "tinyml_predict_label",
        device,
      },
      "homeassistant/sensor/tinyml_predict/confidence/config": {
        name: "Confidence",
        unit_of_measurement: "%",
        state_class: "measurement",
        value_template: "{{ (value_json.confidence * 100) | round(1) }}",
        state_topic: "tinyml/cloud",
        unique_id: "tinyml_predict_confidence",
        device,
      },
    });
  });

  it("that the broker has taken with QoS 1 outlive its restart, and others follow when it is back", async () => {
    // A subscriber that is away: the broker keeps for it what comes meanwhile.
    broker.remember("tinyml/cloud", "dashboard");
    const witness = await broker.subscribe("tinyml/cloud", 3);
    for (const label of ["left", "right", "left"] as const) await send(label);
    await witness.messages;
    const connections = (): number => nodeRed.log().match(/Connected to broker/g)?.length ?? 0;
    const before = connections();
    await broker.stop();
    await broker.start();
    for (let attempt = 0; connections() === before; attempt++) {
      assert.ok(attempt < 400, "Node-RED is not connected again");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await send("below");
    const { messages } = await broker.subscribe("tinyml/cloud", 4, "dashboard");
    assert.deepEqual(labelsIn(await messages), ["left", "right", "left", "below"]);
  });
});
