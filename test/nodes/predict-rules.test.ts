import assert from "node:assert/strict";
import type { LabelPrediction } from "../../src/runtime/predictor";
import { cloudsModel, fileOf, potentiometerModel } from "./support/data";
import { startFlow, tab } from "./support/flow";

const predictor = { id: "predict", z: "tab", type: "tinyml-predict", wires: [["out"], ["sensors"]] };
const base = [
  ...tab,
  { id: "out", z: "tab", type: "helper" },
  { id: "sensors", z: "tab", type: "helper" },
  { id: "complete", z: "tab", type: "complete", scope: ["predict"], wires: [["completed"]] },
  { id: "completed", z: "tab", type: "helper" },
];
const right = [1, 1];
const left = [-1, -1];
const between = [0, 0];

describe("node predict: which labels are sent", () => {
  const clouds = fileOf(cloudsModel());

  /** What is sent of readings that came one after another; each reading is done. */
  async function sent(settings: object, messages: readonly object[]): Promise<unknown[]> {
    const flow = await startFlow([...base, { ...predictor, ...settings }]);
    flow.send("predict", { payload: clouds });
    for (const message of messages) flow.send("predict", message);
    await flow.until("all are done", () => flow.received("completed").length > messages.length);
    assert.deepEqual(flow.received("errors"), []);
    assert.deepEqual(flow.received("sensors"), []);
    return flow.received("out").map(({ payload }) => (payload as LabelPrediction).label ?? payload);
  }
  const readings = (...payloads: number[][]) => payloads.map((payload) => ({ payload }));

  it("all of them by default", async () => {
    assert.deepEqual(await sent({}, readings(right, right, left)), ["right", "right", "left"]);
  });

  it("changes only, for each topic of its own", async () => {
    const messages = [right, right, left].flatMap((payload) => ["a", "b"].map((topic) => ({ payload, topic })));
    assert.deepEqual(await sent({ onlyChanges: true }, messages), ["right", "right", "left", "left"]);
  });

  it("of the majority, also as bare labels", async () => {
    const messages = readings(right, right, left, left);
    assert.deepEqual(await sent({ majority: "3", onlyLabel: true }, messages), ["right", "right", "right", "left"]);
  });

  for (const [rejection, told] of [
    [undefined, ["right", "unknown", "left"]],
    ["hm", ["right", "hm", "left"]],
    ["", ["right", "left"]],
  ] as const) {
    it(`only sure ones, the others as ${rejection ?? "by default"}`, async () => {
      const settings = { confidence: "90", ...(rejection !== undefined && { rejection }) };
      assert.deepEqual(await sent(settings, readings(right, between, left)), told);
    });
  }

  for (const [holdOffFor, told] of [
    ["same", ["right", "left"]],
    ["any", ["right"]],
  ] as const) {
    it(`none during a pause for ${holdOffFor}`, async () => {
      assert.deepEqual(await sent({ holdOff: 60_000, holdOffFor }, readings(right, right, left, right)), told);
    });
  }

  it("begins afresh with another model", async () => {
    const messages = [...readings(right, right), { payload: clouds }, ...readings(right)];
    assert.deepEqual(await sent({ onlyChanges: true }, messages), ["right", "right"]);
  });

  it("numbers are sent as they are", async () => {
    const flow = await startFlow([...base, { ...predictor, majority: 5, onlyChanges: true, confidence: 99 }]);
    flow.send("predict", { payload: fileOf(potentiometerModel()) });
    for (let i = 0; i < 3; i++) flow.send("predict", { payload: 0.5 });
    await flow.until("all come", () => flow.received("out").length === 3);
  });

  for (const [key, value] of [
    ["confidence", 101],
    ["confidence", -1],
    ["majority", 0],
    ["majority", 2.5],
    ["majority", 1001],
    ["holdOff", -1],
    ["holdOff", "soon"],
    ["holdOffFor", "none"],
    ["onlyChanges", "perhaps"],
    ["stateTopic", ""],
    ["stateTopic", "tinyml/#"],
    ["availabilityTopic", "+/status"],
  ] as const) {
    it(`refuses ${key} = ${JSON.stringify(value)}`, async () => {
      const settings = { homeAssistant: /Topic$/.test(key), stateTopic: "knob", [key]: value };
      const flow = await startFlow([...base, { ...predictor, ...settings }]);
      flow.send("predict", { payload: right });
      assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID");
    });
  }
});

describe("node predict: announcing to Home Assistant", () => {
  const announcing = { ...predictor, homeAssistant: true, stateTopic: "tinyml/clouds", confidence: 50 };

  it("announces each model's sensors at the second output, and gives predictions their topic", async () => {
    const flow = await startFlow([...base, announcing]);
    flow.send("predict", { payload: fileOf(cloudsModel()) });
    for (const payload of [right, left]) flow.send("predict", { payload, topic: "mpu", other: 1 });
    for (const id of ["label", "confidence"]) {
      const { topic, payload, retain, qos } = await flow.next("sensors");
      assert.equal(topic, `homeassistant/sensor/tinyml_tinyml_clouds_${id}/config`);
      assert.deepEqual([retain, qos], [true, 1]);
      assert.equal((payload as { state_topic: string }).state_topic, "tinyml/clouds");
      if (id === "label") {
        assert.deepEqual((payload as { options: string[] }).options, ["left", "right", "below", "unknown"]);
      }
    }
    for (const label of ["right", "left"]) {
      const { topic, payload, retain, other } = await flow.next("out");
      assert.deepEqual([topic, retain, other], ["tinyml/clouds", true, 1]);
      assert.equal((payload as LabelPrediction).label, label);
    }
    assert.equal(flow.received("sensors").length, 2, "once a model");
    flow.send("predict", { payload: fileOf(potentiometerModel()) });
    flow.send("predict", { payload: 0.5 });
    const { payload } = await flow.next("sensors");
    assert.equal((payload as { name: string }).name, "brightness");
  });
});
