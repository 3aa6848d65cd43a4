import assert from "node:assert/strict";
import { startFlow, tab } from "./support/flow";

const base = [...tab, { id: "out", z: "tab", type: "helper" }];
const window = { id: "window", z: "tab", type: "tinyml-window", size: 2, stride: 2, wires: [["out"]] };
const features = { id: "features", z: "tab", type: "tinyml-features", statistics: "mean, maximum", wires: [["out"]] };

describe("node window", () => {
  it("sends windows of readings, with their shape, and keeps sources apart", async () => {
    const flow = await startFlow([...base, window]);
    for (const [topic, x, y] of [
      ["a", 1, 2],
      ["b", 10, 20],
      ["a", 3, 4],
      ["b", 30, 40],
    ] as const) {
      flow.send("window", { payload: [x, y], topic, channels: ["x", "y"], label: "wave" });
    }
    const { _msgid, ...first } = await flow.next("out");
    assert.deepEqual(first, {
      payload: Float32Array.of(1, 2, 3, 4),
      window: { shape: [2, 2], channels: ["x", "y"] },
      topic: "a",
      channels: ["x", "y"],
      label: "wave",
    });
    assert.deepEqual((await flow.next("out")).payload, Float32Array.of(10, 20, 30, 40));
  });

  it("cuts whole recordings, and forgets a stream that is reset", async () => {
    const flow = await startFlow([...base, { ...window, stride: 1 }]);
    flow.send("window", { payload: [[1], [2], [3]] });
    assert.deepEqual((await flow.next("out")).payload, Float32Array.of(1, 2));
    assert.deepEqual((await flow.next("out")).payload, Float32Array.of(2, 3));
    flow.send("window", {
      payload: Float32Array.of(1, 2, 3, 4),
      window: { shape: [2, 2], rateHz: 50, channels: ["x", "y"] },
    });
    const { payload, ...rest } = await flow.next("out");
    assert.deepEqual(payload, Float32Array.of(1, 2, 3, 4));
    assert.deepEqual("window" in rest && rest.window, { shape: [2, 2], rateHz: 50, channels: ["x", "y"] });
    flow.send("window", { payload: 8 });
    flow.send("window", { reset: true });
    flow.send("window", { payload: 9 });
    flow.send("window", { payload: 10 });
    assert.deepEqual((await flow.next("out")).payload, Float32Array.of(9, 10));
  });

  it("cuts long recordings window by window, in the order in which they came, and stops when it is closed", async () => {
    const flow = await startFlow([...base, { ...window, stride: 1 }]);
    const count = () => flow.received("out").length;
    flow.send("window", { payload: new Float32Array(2000), window: { shape: [2000, 1] }, topic: "first" });
    flow.send("window", { payload: new Float32Array(2000), window: { shape: [2000, 1] }, topic: "second" });
    flow.send("window", { payload: 1, topic: "stream" });
    flow.send("window", { payload: 2, topic: "stream" });
    await flow.until("all windows are there", () => count() === 2 * 1999 + 1);
    const topics = flow.received("out").map(({ topic }) => topic);
    // Between two windows everybody else has a turn: the stream beside them does not wait.
    assert.ok(topics.indexOf("stream") < 100);
    const recordings = topics.filter((topic) => topic !== "stream");
    assert.deepEqual([recordings.indexOf("second"), recordings.lastIndexOf("first")], [1999, 1998]);
    flow.send("window", { payload: new Float32Array(1e6), window: { shape: [1e6, 1] } });
    await flow.until("a window is there", () => count() > 2 * 1999 + 1);
    await flow.redeploy();
    assert.ok(count() < 1e6);
  });

  const wrong: [what: string, message: object, code: string][] = [
    ["a text", { payload: "1,2" }, "TINYML_NOT_A_NUMBER"],
    ["nothing", {}, "TINYML_NOT_A_NUMBER"],
    ["a reading with NaN", { payload: [1, Number.NaN] }, "TINYML_NOT_A_NUMBER"],
    ["readings of several lengths", { payload: [[1, 2], [3]] }, "TINYML_CHANNEL_COUNT"],
    ["a list in a list of texts", { payload: [["a"], ["b"]] }, "TINYML_NOT_A_NUMBER"],
    ["a shape that is another", { payload: [1, 2, 3], window: { shape: [2, 2] } }, "TINYML_CHANNEL_COUNT"],
    ["a time that is none", { payload: 1, time: Number.NaN }, "TINYML_NOT_A_NUMBER"],
  ];
  for (const [what, message, code] of wrong) {
    it(`refuses ${what} (${code}), and goes on`, async () => {
      const flow = await startFlow([...base, window]);
      flow.send("window", message);
      assert.equal((await flow.next("errors")).error?.code, code);
      flow.send("window", { payload: [[1], [2]] });
      assert.deepEqual((await flow.next("out")).payload, Float32Array.of(1, 2));
    });
  }

  it("is refused with milliseconds but no rate", async () => {
    const flow = await startFlow([...base, { ...window, unit: "milliseconds" }]);
    flow.send("window", { payload: 1 });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID");
  });
});

describe("node features", () => {
  it("makes features of windows, and says how", async () => {
    const flow = await startFlow([...base, features]);
    flow.send("features", {
      payload: [
        [1, 5],
        [3, 5],
      ],
      window: { channels: ["x", "y"] },
    });
    const { payload, ...rest } = await flow.next("out");
    assert.deepEqual(payload, Float32Array.of(2, 3, 5, 5));
    assert.deepEqual("features" in rest && rest.features, [{ block: "statistics", of: ["mean", "maximum"] }]);
    assert.deepEqual("featureNames" in rest && rest.featureNames, ["x mean", "x maximum", "y mean", "y maximum"]);
    flow.send("features", { payload: 5 });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_CHANNEL_COUNT");
    flow.send("features", { payload: Buffer.from("0000TFL3") });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_FEATURES_MISMATCH");
  });

  it("waits for a model whose features it makes, and refuses settings that make none", async () => {
    const flow = await startFlow([
      ...base,
      { ...features, source: "model" },
      { ...features, id: "other", statistics: "median" },
    ]);
    flow.send("features", { payload: [[1], [2]] });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NO_MODEL");
    flow.send("features", { payload: Buffer.from("0000TFL3") });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_MODEL_INVALID");
    flow.send("other", { payload: [[1], [2]] });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID");
  });
});
