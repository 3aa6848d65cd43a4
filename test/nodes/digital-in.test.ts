import assert from "node:assert/strict";
import { createGpioStandIn } from "../hardware/support/gpio-stand-in";
import { temporaryFolder } from "../support/folders";
import { startFlow, tab } from "./support/flow";

const base = [...tab, { id: "out", z: "tab", type: "helper" }];
const button = { id: "button", z: "tab", type: "tinyml-digital-in", interval: 0, debounce: 0, wires: [["out"]] };

describe("node digital-in", () => {
  it("is a simulated button until a pin is chosen", async () => {
    const flow = await startFlow([...base, button]);
    assert.deepEqual((await flow.next("out")).payload, 0);
    flow.send("button", { payload: true });
    const { payload, topic } = await flow.next("out");
    assert.deepEqual([payload, topic], [1, "gpio/17"]);
    flow.send("button", { payload: "pressed" });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_NOT_A_NUMBER");
  });

  it("sends only what is asked for", async () => {
    const flow = await startFlow([...base, { ...button, send: "on" }]);
    for (const payload of [1, 0, 1]) flow.send("button", { payload });
    assert.equal((await flow.next("out")).payload, 1);
    assert.equal((await flow.next("out")).payload, 1);
  });

  it("watches a pin", async () => {
    const standIn = await createGpioStandIn(await temporaryFolder(), 2);
    const flow = await startFlow([...base, { ...button, driver: "gpio", activeLow: false, tools: standIn.tools }]);
    assert.equal((await flow.next("out")).payload, 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await standIn.change(true);
    assert.equal((await flow.next("out")).payload, 1);
    flow.send("button", { payload: 1 });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_CONFIG_INVALID");
  });

  it("stays grey on a machine without pins, tells a catch node once, and lets the flow run", async () => {
    const flow = await startFlow([...base, { ...button, driver: "gpio", tools: "/nowhere" }]);
    assert.equal((await flow.next("errors")).error?.code, "TINYML_HARDWARE_MISSING");
    await flow.until("its status says so", () => flow.statuses("button").at(-1)?.text === "status.missing");
    assert.equal(flow.statuses("button").at(-1)?.fill, "grey");
  });
});

describe("node output on a GPIO pin", () => {
  it("switches it, and says what is missing", async () => {
    const standIn = await createGpioStandIn(await temporaryFolder(), 1);
    const relay = { id: "relay", z: "tab", type: "tinyml-output", driver: "gpio", pin: 17, wires: [["out"]] };
    const flow = await startFlow([
      ...base,
      { ...relay, tools: standIn.tools },
      { ...relay, id: "none", tools: "/nowhere" },
    ]);
    flow.send("relay", { payload: 1 });
    assert.equal((await flow.next("out")).payload, 1);
    for (let attempt = 0; attempt < 400 && (await standIn.held()).length === 0; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.deepEqual(await standIn.held(), ["17=1"]);
    flow.send("none", { payload: 1 });
    assert.equal((await flow.next("errors")).error?.code, "TINYML_HARDWARE_MISSING");
  });
});
