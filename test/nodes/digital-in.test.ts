import assert from "node:assert/strict";
import path from "node:path";
import { makeGpioStandIns } from "../hardware/support/gpio-tools";
import { temporaryFolder } from "../support/folders";
import { startFlow, tab } from "./support/flow";

const button = { id: "button", z: "tab", type: "tinyml-digital-in", toggleEvery: 0, wires: [["out"]] };
const base = [...tab, { id: "out", z: "tab", type: "helper" }];

describe("node digital in", () => {
  it("simulates a button that messages press", async () => {
    const flow = await startFlow([...base, button]);
    const { payload, topic } = await flow.next("out");
    assert.deepEqual({ payload, topic }, { payload: 0, topic: "gpio/simulated" });
    for (const [sent, level] of [
      [1, 1],
      ["release", 0],
      ["toggle", 1],
      [false, 0],
    ]) {
      flow.send("button", { payload: sent });
      assert.equal((await flow.next("out")).payload, level);
    }
    flow.send("button", { payload: 0 });
    flow.send("button", { payload: "push" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_UNKNOWN_COMMAND");
    assert.equal(flow.received("out").length, 5, "nothing changed, nothing is sent");
  });

  it("simulates one that presses itself, and sends only the changes that are asked for", async () => {
    const flow = await startFlow([
      ...base,
      { ...button, toggleEvery: 5, edge: "rising" },
      { ...button, id: "other", toggleEvery: 5, edge: "falling", wires: [["falls"]] },
      { id: "falls", z: "tab", type: "helper" },
    ]);
    await flow.until("both send", () => flow.received("out").length > 4 && flow.received("falls").length > 4);
    assert.ok(flow.received("out").every(({ payload }) => payload === 1));
    assert.ok(flow.received("falls").every(({ payload }) => payload === 0));
  });

  it("reads a pin, and frees it when the flow is deployed anew", async () => {
    const tools = await makeGpioStandIns(path.join(await temporaryFolder(), "bin"), 2);
    const pin = { ...button, driver: "gpio", pin: 27, activeLow: false, toolPath: tools.path, debounce: 0 };
    const flow = await startFlow([...base, pin]);
    const first = await flow.next("out");
    assert.deepEqual([first.payload, first.topic], [0, "gpio/27"]);
    while ((await tools.running()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await tools.move(27, 1);
    assert.equal((await flow.next("out")).payload, 1);
    const before = await tools.running();
    await flow.redeploy([...base, button]);
    assert.deepEqual([before.length, await tools.running()], [1, []]);
  });

  it("loads where there are no pins: grey, and one message to the catch node", async () => {
    const nowhere = await temporaryFolder();
    const flow = await startFlow([...base, { ...button, driver: "gpio", toolPath: nowhere }]);
    assert.equal((await flow.next("errors")).error?.code, "TINYML_HARDWARE_MISSING");
    const { fill, text } = flow.statuses("button").at(-1) ?? {};
    assert.equal(fill, "grey");
    assert.match(text ?? "", /GPIO 17$/);
    assert.deepEqual(flow.received("out"), []);
  });

  it("has wrong settings said at the start", async () => {
    const wrong = [{ driver: "magic" }, { pin: -1 }, { debounce: "long" }, { edge: "up" }, { gpioChip: "--help" }];
    const nodes = wrong.map((settings, index) => ({ ...button, ...settings, id: `button${index}` }));
    const flow = await startFlow([...base, ...nodes]);
    for (const { id } of nodes) {
      assert.equal(flow.statuses(id)[0]?.fill, "red", id);
      flow.send(id, { payload: 1 });
      assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID", id);
    }
  });
});
