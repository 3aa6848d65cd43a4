import assert from "node:assert/strict";
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { temporaryFolder } from "../support/folders";
import { startFlow, tab } from "./support/flow";

const sensor = { id: "adc", z: "tab", type: "tinyml-analog-in", interval: 2, wires: [["out"]] };
const base = [...tab, { id: "out", z: "tab", type: "helper" }];

describe("node analog in", () => {
  it("sends the simulated potentiometer's readings from the start", async () => {
    const flow = await startFlow([...base, sensor]);
    await flow.until("it sends", () => flow.received("out").length >= 100);
    const values = flow.received("out").map(({ payload }) => payload as number);
    assert.ok(values.every((value) => value >= 0 && value <= 1));
    assert.ok(Math.max(...values) - Math.min(...values) > 0.5, "it turns");
    assert.equal(flow.received("out")[0]?.topic, "adc/0");
    assert.equal(flow.statuses("adc").at(-1)?.fill, "green");
  });

  for (const interval of [2, 10]) {
    it(`keeps its rate and says when it measured (every ${interval} ms)`, async () => {
      const flow = await startFlow([...base, { ...sensor, interval }]);
      await flow.next("out");
      const [count, begin] = [flow.received("out").length, performance.now()];
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const due = (performance.now() - begin) / interval;
      const sent = flow.received("out").slice(count);
      assert.ok(Math.abs(sent.length - due) <= 1 + 0.05 * due, `${sent.length} where ${due} are due`);
      const times = sent.map((message) => ("time" in message ? Number(message.time) : Number.NaN));
      assert.ok(Math.abs((times.at(-1) ?? 0) - Date.now()) < 200);
      const steps = times.slice(1).map((time, i) => Math.round(time - (times[i] ?? 0)));
      assert.ok(steps.every((step) => step > 0 && step % interval === 0));
    });
  }

  it("sends volts and raw numbers, and averages", async () => {
    const flow = await startFlow([
      ...base,
      { ...sensor, output: "volts", volts: 5 },
      { ...sensor, id: "raw", output: "raw", bits: 12, channel: 3, wires: [["raws"]] },
      { ...sensor, id: "mean", output: "raw", average: 50, wires: [["means"]] },
      { id: "raws", z: "tab", type: "helper" },
      { id: "means", z: "tab", type: "helper" },
    ]);
    await flow.until("all send", () => flow.received("raws").length >= 100 && flow.received("means").length >= 2);
    const numbers = (id: string): number[] => flow.received(id).map(({ payload }) => payload as number);
    assert.ok(Math.max(...numbers("out")) > 1 && Math.max(...numbers("out")) < 5);
    assert.ok(numbers("raws").every(Number.isInteger) && Math.max(...numbers("raws")) > 1023);
    assert.equal(flow.received("raws")[0]?.topic, "adc/3");
    assert.ok(numbers("means").some((value) => !Number.isInteger(value)));
    assert.ok(numbers("means").length <= numbers("raws").length / 25);
  });

  it("sends calibrated readings with their unit", async () => {
    const root = await temporaryFolder();
    const device = path.join(root, "bus", "iio", "devices", "iio:device0");
    await mkdir(device, { recursive: true });
    await writeFile(path.join(device, "name"), "mcp3008");
    await writeFile(path.join(device, "in_voltage0_raw"), "506");
    const points = { firstCode: "310", firstValue: "20", secondCode: 702, secondValue: 60, unit: "°C" };
    const settings = { ...sensor, driver: "iio", root, output: "calibrated", ...points };
    const flow = await startFlow([...base, settings, { ...settings, id: "flat", secondCode: 310, trigger: "input" }]);
    assert.equal(flow.statuses("flat")[0]?.fill, "red");
    const { payload, topic, ...others } = await flow.next("out");
    assert.deepEqual(
      { payload, topic, unit: "unit" in others && others.unit },
      { payload: 40, topic: "adc/0", unit: "°C" },
    );
  });

  it("tells the catch node of wrong settings once, though no message arrives", async () => {
    const flow = await startFlow([...base, { ...sensor, interval: 0 }]);
    const { error } = await flow.next("errors");
    assert.deepEqual([error?.code, error?.source.id], ["TINYML_CONFIG_INVALID", "adc"]);
    await flow.redeploy([...base, { ...sensor, interval: 2 }]);
    await flow.until("it sends", () => flow.received("out").length >= 10);
    assert.equal(flow.received("errors").length, 1);
  });

  it("holds back readings that hardly differ", async () => {
    const flow = await startFlow([...base, { ...sensor, deadband: 0.3 }]);
    await flow.until("it sends", () => flow.received("out").length >= 4);
    const values = flow.received("out").map(({ payload }) => payload as number);
    for (let i = 1; i < values.length; i++) assert.ok(Math.abs((values[i] ?? 0) - (values[i - 1] ?? 0)) >= 0.3);
  });

  it("reads once for each message when it is set so, and keeps the message", async () => {
    const flow = await startFlow([...base, { ...sensor, trigger: "input", average: 4 }]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual(flow.received("out"), []);
    for (let i = 0; i < 3; i++) flow.send("adc", { payload: "?", nr: i });
    for (let i = 0; i < 3; i++) {
      const { payload, nr, topic } = await flow.next("out");
      assert.equal(typeof payload, "number");
      assert.deepEqual({ nr, topic }, { nr: i, topic: "adc/0" });
    }
  });

  it("says once that a converter is missing or gone, and goes on by itself when it is there", async () => {
    const root = await temporaryFolder();
    const device = path.join(root, "bus", "iio", "devices", "iio:device0");
    const flow = await startFlow([...base, { ...sensor, driver: "iio", device: "mcp3008", channel: 1, root }]);
    assert.equal((await flow.next("errors")).error?.code, "TINYML_HARDWARE_MISSING");
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(flow.received("errors").length, 1);
    assert.equal(flow.statuses("adc").at(-1)?.fill, "grey");
    const prepared = path.join(root, "prepared");
    await mkdir(prepared);
    for (const [name, text] of Object.entries({ name: "mcp3008", in_voltage1_raw: "512", in_voltage_scale: "3.2" })) {
      await writeFile(path.join(prepared, name), `${text}\n`);
    }
    await mkdir(path.dirname(device), { recursive: true });
    await rename(prepared, device);
    const { payload, topic } = await flow.next("out");
    assert.deepEqual({ payload, topic }, { payload: 512 / 1023, topic: "adc/1" });
    await rename(device, prepared);
    assert.equal((await flow.next("errors")).error?.code, "TINYML_HARDWARE_FAILED");
    await flow.until("the status says it", () => flow.statuses("adc").at(-1)?.fill === "red");
    await rename(prepared, device);
    await flow.until("the status recovers", () => flow.statuses("adc").at(-1)?.fill === "green");
    assert.ok(flow.received("errors").length <= 3, `${flow.received("errors").length} errors for two problems`);
  });

  it("begins an average anew behind a failure", async () => {
    const root = await temporaryFolder();
    const device = path.join(root, "bus", "iio", "devices", "iio:device0");
    const raw = path.join(device, "in_voltage0_raw");
    await mkdir(device, { recursive: true });
    await writeFile(path.join(device, "name"), "mcp3008");
    await writeFile(raw, "100");
    const settings = { driver: "iio", root, output: "raw", interval: 10, average: 100 };
    const flow = await startFlow([...base, { ...sensor, ...settings }]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await writeFile(raw, "no number");
    assert.equal((await flow.next("errors")).error?.code, "TINYML_HARDWARE_FAILED");
    await writeFile(raw, "900");
    assert.equal((await flow.next("out")).payload, 900);
  });

  it("refuses messages of which too many wait, and counts them", async () => {
    const root = await temporaryFolder();
    const device = path.join(root, "bus", "iio", "devices", "iio:device0");
    await mkdir(device, { recursive: true });
    await writeFile(path.join(device, "name"), "mcp3008");
    await writeFile(path.join(device, "in_voltage0_raw"), "512");
    const flow = await startFlow([...base, { ...sensor, driver: "iio", root, trigger: "input", average: 100 }]);
    for (let i = 0; i < 50; i++) flow.send("adc", { nr: i });
    for (let i = 0; i < 33; i++) assert.equal((await flow.next("errors")).error?.code, "TINYML_BUSY");
    for (let i = 0; i < 17; i++) assert.equal("nr" in (await flow.next("out")), true);
    await flow.until("the status counts them", () => flow.statuses("adc").at(-1)?.text === "status.dropped");
    // When there is room again, messages are taken.
    flow.send("adc", {});
    await flow.next("out");
    assert.equal(flow.received("errors").length, 33);
  });

  it("has wrong settings said at the start", async () => {
    const wrong = [{ driver: "magic" }, { interval: 0 }, { average: 1.5 }, { driver: "iio", device: "" }, { bits: 99 }];
    const nodes = wrong.map((settings, index) => ({ ...sensor, trigger: "input", ...settings, id: `adc${index}` }));
    const flow = await startFlow([...base, ...nodes]);
    for (const { id } of nodes) {
      assert.equal(flow.statuses(id)[0]?.fill, "red", id);
      flow.send(id, {});
      assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID", id);
    }
  });
});
