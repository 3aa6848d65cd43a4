import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { makeGpioStandIns } from "../hardware/support/gpio-tools";
import { temporaryFolder } from "../support/folders";
import { startFlow, tab } from "./support/flow";

const output = { id: "led", z: "tab", type: "tinyml-output", wires: [["out"]] };
const base = [...tab, { id: "out", z: "tab", type: "helper" }];

describe("node output", () => {
  it("clamps, passes the message on, and shows the level", async () => {
    const flow = await startFlow([...base, output]);
    const expected: Array<[number, number]> = [
      [0.25, 0.25],
      [-1, 0],
      [7, 1],
      [Number.POSITIVE_INFINITY, 1],
      [Number.NEGATIVE_INFINITY, 0],
    ];
    for (const [sent, set] of expected) {
      flow.send("led", { payload: sent, topic: "kept" });
      const { payload, topic } = await flow.next("out");
      assert.deepEqual({ payload, topic }, { payload: set, topic: "kept" });
    }
    await flow.until("the level is shown", () => flow.statuses("led").at(-1)?.text === "status.level");
  });

  it("takes a range of its own, in either direction", async () => {
    const flow = await startFlow([...base, { ...output, low: "255", high: 0 }]);
    for (const [sent, set] of [
      [300, 255],
      [100, 100],
      [-1, 0],
    ]) {
      flow.send("led", { payload: sent });
      assert.equal((await flow.next("out")).payload, set);
    }
  });

  it("turns a servo in degrees, and switches by yes and no", async () => {
    const flow = await startFlow([...base, { ...output, drives: "servo", low: 0, high: 180 }]);
    for (const [sent, set] of [
      [90, 90],
      [200, 180],
      [true, 180],
      [false, 0],
    ]) {
      flow.send("led", { payload: sent });
      assert.equal((await flow.next("out")).payload, set);
    }
    await flow.until("the position is shown", () => flow.statuses("led").at(-1)?.text === "status.servo");
  });

  it("holds a pin on, and gives it back when the flow is deployed anew", async () => {
    const tools = await makeGpioStandIns(path.join(await temporaryFolder(), "bin"), 2);
    const flow = await startFlow([...base, { ...output, driver: "gpio", pin: 5, toolPath: tools.path }]);
    flow.send("led", { payload: 0.8 });
    await flow.next("out");
    assert.equal(await tools.held(5), "1");
    await flow.redeploy([...base, output]);
    assert.deepEqual([await tools.held(5), await tools.running()], [undefined, []]);
  });

  it("is grey where the package is not on this machine, and says what to type", async () => {
    const flow = await startFlow([...base, { ...output, driver: "pigpio" }]);
    flow.send("led", { payload: 1 });
    const { error } = await flow.next("errors");
    assert.equal(error?.code, "TINYML_HARDWARE_MISSING");
    assert.match(error?.message ?? "", /npm install pigpio/);
    assert.equal(flow.statuses("led").at(-1)?.fill, "grey");
  });

  it("refuses what is no number", async () => {
    const flow = await startFlow([...base, output, { ...output, id: "nowhere", low: 1, high: 1 }]);
    for (const [payload, named] of [
      ["1", 'the text "1"'],
      [Number.NaN, "NaN"],
      [null, "missing"],
      [undefined, "missing"],
      [[1, 2, 3], "a list of 3 numbers"],
      [Buffer.from("x"), "a buffer"],
      [{ label: "on" }, "an object"],
    ] as const) {
      flow.send("led", { payload });
      const { error } = await flow.next("errors");
      assert.equal(error?.code, "TINYML_NOT_A_NUMBER");
      assert.ok(error.message.endsWith(` it is ${named}.`), error.message);
    }
    flow.send("nowhere", { payload: 1 });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID");
    assert.deepEqual(flow.received("out"), []);
  });

  it("drives a PWM channel, switches it off on close, and says that it is missing", async () => {
    const root = await temporaryFolder();
    const channel = path.join(root, "class", "pwm", "pwmchip0", "pwm0");
    const flow = await startFlow([...base, { ...output, driver: "pwm", channel: 0, frequency: 1000, root }]);
    flow.send("led", { payload: 1 });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_HARDWARE_MISSING");
    assert.equal(flow.statuses("led").at(-1)?.fill, "grey");
    await mkdir(channel, { recursive: true });
    await writeFile(path.join(channel, "..", "npwm"), "2\n");
    for (const [name, value] of Object.entries({ period: 0, duty_cycle: 0, enable: 0 })) {
      await writeFile(path.join(channel, name), `${value}\n`);
    }
    const read = async (name: string): Promise<number> => Number(await readFile(path.join(channel, name), "utf8"));
    flow.send("led", { payload: 0.25 });
    await flow.next("out");
    assert.deepEqual([await read("period"), await read("duty_cycle"), await read("enable")], [1e6, 250_000, 1]);
    await flow.redeploy(base);
    assert.deepEqual([await read("duty_cycle"), await read("enable")], [0, 0]);
    await rm(root, { recursive: true });
  });
});
