import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
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
