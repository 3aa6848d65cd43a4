import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { examplePath, linkPackage, type RunningNodeRed, startNodeRed } from "../../build/node-red";
import { deployFlows } from "../support/admin";
import { temporaryFolder } from "../support/folders";
import { type Broker, requireMosquitto, startMosquitto } from "../support/mosquitto";
import { cloudsModel, fileOf } from "./support/data";
import { startFlow, type TestFlow, tab, until } from "./support/flow";

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
      {
        id: "state",
        z: "tab",
        type: "mqtt out",
        broker: "mosquitto",
        topic: "tinyml/cloud",
        qos: "1",
        retain: "false",
        wires: [],
      },
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
    const shared = {
      state_topic: "tinyml/cloud",
      device: { identifiers: ["tinyml_tinyml_cloud"], name: "clouds", manufacturer: "TinyML Flows", model: "clouds" },
      origin: { name: "TinyML Flows", support_url: "https://github.com/tinyml-flows/node-red-tinyml" },
    };
    assert.deepEqual(Object.fromEntries(found), {
      "homeassistant/sensor/tinyml_tinyml_cloud_label/config": {
        name: "Label",
        icon: "mdi:tag",
        device_class: "enum",
        options: ["left", "right", "below"],
        value_template: "{{ value_json.label }}",
        unique_id: "tinyml_tinyml_cloud_label",
        ...shared,
      },
      "homeassistant/sensor/tinyml_tinyml_cloud_confidence/config": {
        name: "Confidence",
        icon: "mdi:percent",
        unit_of_measurement: "%",
        state_class: "measurement",
        value_template: "{{ (value_json.confidence * 100) | round(1) }}",
        unique_id: "tinyml_tinyml_cloud_confidence",
        ...shared,
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

  /** A flow whose one mqtt out node gets both outputs, or whatever a test sends. */
  async function startPublishing(settings: object, password = broker.password): Promise<TestFlow> {
    const { port, certificate, user } = broker;
    const z = "tab";
    const nodes = [
      ...tab,
      { id: "trust", type: "tls-config", cert: "", key: "", ca: certificate, verifyservercert: true },
      {
        ...{ id: "mosquitto", type: "mqtt-broker", broker: "127.0.0.1", port, tls: "trust", usetls: true },
        ...{ protocolVersion: 4, clientid: "publishing", keepalive: 5, cleansession: true, autoConnect: true },
      },
      { id: "predict", z, type: "tinyml-predict", ...settings, wires: [["mqtt"], ["mqtt"]] },
      { id: "mqtt", z, type: "mqtt out", broker: "mosquitto", topic: "", qos: "1", retain: "", wires: [] },
      { id: "complete", z, type: "complete", scope: ["mqtt"], wires: [["done"]] },
      { id: "done", z, type: "helper" },
    ];
    return startFlow(nodes, {
      coreNodes: ["network/05-tls.js", "network/10-mqtt.js"],
      credentials: { mosquitto: { user, password } },
      settings: { mqttReconnectTime: 100 },
    });
  }
  const isConnected = (flow: TestFlow) => flow.statuses("mqtt").at(-1)?.fill === "green";

  it("and their sensors reach whoever comes later by one mqtt out node, also after the broker's restart", async () => {
    const flow = await startPublishing({ homeAssistant: true, stateTopic: "home/clouds" });
    await flow.until("it is connected", () => isConnected(flow));
    flow.send("predict", { payload: fileOf(cloudsModel()) });
    for (const label of ["right", "left"] as const) flow.send("predict", { payload: readings[label] });
    await flow.until("all are published", () => flow.received("done").length >= 4);
    await broker.stop();
    await broker.start();
    const sensors = await broker.subscribe("homeassistant/sensor/+/config", 4);
    const topics = (await sensors.messages).filter((message) => message.includes('"state_topic":"home/clouds"'));
    assert.equal(topics.length, 2);
    const state = await broker.subscribe("home/clouds", 1);
    assert.deepEqual(labelsIn(await state.messages), ["left"]);
  });

  /*
   * What Node-RED's mqtt out promises: with QoS 1 a message counts as done when the broker has confirmed it. What it gets while there is
   * no connection it drops, and that is never done. What the broker has confirmed it keeps for a subscriber with a session, if its
   * configuration says "persistence true" and it is ended in order.
   */
  it("are never lost once they count as done, however many come while the broker restarts", async () => {
    broker.remember("tinyml/count", "archive");
    const flow = await startPublishing({});
    await flow.until("it is connected", () => isConnected(flow));
    let sent = 0;
    const sending = setInterval(() => {
      for (let i = 0; i < 2; i++) flow.send("mqtt", { topic: "tinyml/count", payload: sent++ });
    }, 5);
    const done = () => flow.received("done").length;
    try {
      await flow.until("some are published", () => done() > 100);
      await broker.stop();
      await flow.until("it is away", () => !isConnected(flow));
      const before = sent;
      await flow.until("some come meanwhile", () => sent > before + 20);
      await broker.start();
      await flow.until("it is connected again", () => isConnected(flow));
      const again = done();
      await flow.until("more are published", () => done() > again + 100);
    } finally {
      clearInterval(sending);
    }
    for (let before = -1; before !== done(); ) {
      before = done();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(done() < sent, "what came while the broker was away is not done");
    const arrived = new Set<number>();
    // What was on its way when the broker ended may come twice, and the count of what is awaited is then too small.
    for (let missing = done(); missing > 0; missing = done() - arrived.size) {
      const { messages } = await broker.subscribe("tinyml/count", missing, "archive");
      const numbers = (await messages).map((message) => Number(message.split(" ")[1]));
      for (const number of numbers) arrived.add(number);
      if (numbers.length === 0) break;
    }
    const lost = flow.received("done").filter(({ payload }) => !arrived.has(Number(payload)));
    assert.deepEqual(lost, []);
  });

  it("are not taken with a wrong password", async () => {
    const flow = await startPublishing({}, "a guess");
    await flow.until("it has tried", () => flow.statuses("mqtt").filter(({ fill }) => fill === "yellow").length > 0);
    flow.send("mqtt", { topic: "tinyml/count", payload: "x" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(!flow.statuses("mqtt").some(({ fill }) => fill === "green"));
    assert.deepEqual(flow.received("done"), []);
  });

  it("come back from the broker in the example flow Predictions to MQTT", async () => {
    const example: { id: string; type: string }[] = JSON.parse(
      await readFile(examplePath("Predictions to MQTT"), "utf8"),
    );
    const z = "tinyml-mqtt-flow";
    const { port, certificate, user, password } = broker;
    const nodes = example
      .filter(({ type }) => type === "tab" || /^(tinyml-|mqtt)/.test(type))
      .map((node) => {
        // The broker of the tests speaks TLS only. A test can't wait for the knob.
        if (node.type === "mqtt-broker") return { ...node, port, tls: "trust", usetls: true, broker: "127.0.0.1" };
        if (node.type === "tinyml-analog-in") return { ...node, interval: 5, wires: [["tinyml-mqtt-predict"]] };
        if (/^tinyml-mqtt-(record|train)$/.test(node.id)) return { ...node, wires: [["done"]] };
        return node.type === "mqtt in" ? { ...node, wires: [["heard"]] } : node;
      });
    const helpers = [
      { id: "trust", type: "tls-config", cert: "", key: "", ca: certificate, verifyservercert: true },
      { id: "catch", z, type: "catch", scope: null, wires: [["errors"]] },
      ...["errors", "done", "heard"].map((id) => ({ id, z, type: "helper" })),
    ];
    const flow = await startFlow([...nodes, ...helpers], {
      coreNodes: ["network/05-tls.js", "network/10-mqtt.js"],
      credentials: { "tinyml-mqtt-broker": { user, password } },
    });
    flow.send("tinyml-mqtt-record", { record: "start" });
    const label = (position: number) => (position < 1 / 3 ? "low" : position < 2 / 3 ? "middle" : "high");
    for (let i = 0; i < 600; i++) {
      const payload = ((i * 89) % 1024) / 1023;
      flow.send("tinyml-mqtt-record", { payload, label: label(payload) });
    }
    await flow.until("it is recorded", () => flow.received("done").length > 0);
    flow.send("tinyml-mqtt-train", {});
    await flow.until("a turn of the knob is heard", () => flow.received("heard").length >= 8);
    const heard = flow.received("heard").map(({ payload }) => (payload as { label: string }).label);
    assert.ok(
      ["low", "middle", "high"].every((name) => heard.includes(name)),
      heard.join(" "),
    );
    assert.ok(
      heard.every((name, i) => i === 0 || name !== heard[i - 1]),
      heard.join(" "),
    );
    assert.deepEqual(flow.received("errors"), []);
    const sensors = await broker.subscribe("homeassistant/sensor/tinyml_tinyml_knob_label/config", 1);
    const [config = ""] = await sensors.messages;
    assert.match(config, /"options":\["low","middle","high","unknown"\]/);
    const status = await broker.subscribe("tinyml/status", 1);
    assert.deepEqual(await status.messages, ["tinyml/status online"]);
  });
});
