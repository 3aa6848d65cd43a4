import assert from "node:assert/strict";
import { type DigitalInput, openDigitalInput } from "../../src/hardware/digital-input";
import { openOutput } from "../../src/hardware/output";
import { createCalibration } from "../../src/hardware/reading";
import { temporaryFolder } from "../support/folders";
import { createGpioStandIn, type GpioStandIn } from "./support/gpio-stand-in";

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`Waited in vain: ${what}`);
}

/** A watched pin and what it told. */
function watch(tools: string, settings: object = {}): { levels: boolean[]; errors: string[]; input: DigitalInput } {
  const levels: boolean[] = [];
  const errors: string[] = [];
  const input = openDigitalInput(
    { driver: "gpio", pin: 17, pull: "up", debounce: 0, tools, ...settings },
    { onLevel: (on) => levels.push(on), onError: ({ code }) => errors.push(code) },
  );
  return { levels, errors, input };
}

for (const version of [1, 2] as const) {
  describe(`GPIO pins by the tools of libgpiod ${version}`, function () {
    this.timeout(20_000);
    let standIn: GpioStandIn;
    beforeEach(async () => {
      standIn = await createGpioStandIn(await temporaryFolder(), version);
    });

    it("are told at the start and with each change, also where 0 V means on", async () => {
      const plain = watch(standIn.tools);
      const inverted = watch(standIn.tools, { activeLow: true });
      await until("both told their start", () => plain.levels.length > 0 && inverted.levels.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await standIn.change(true);
      await until("both told the change", () => plain.levels.length > 1 && inverted.levels.length > 1);
      assert.deepEqual(
        [plain.levels, inverted.levels],
        [
          [false, true],
          [true, false],
        ],
      );
      await Promise.all([plain.input.close(), inverted.input.close()]);
    });

    it("count a change only when it lasts", async () => {
      const { levels, input } = watch(standIn.tools, { debounce: 100 });
      await until("its start", () => levels.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await standIn.change(true);
      await new Promise((resolve) => setTimeout(resolve, 40));
      await standIn.change(false);
      await new Promise((resolve) => setTimeout(resolve, 250));
      await standIn.change(true);
      await until("the change that lasts", () => levels.length > 1);
      assert.deepEqual(levels, [false, true]);
      await input.close();
    });

    it("are held as long as they are wanted, and switched off in the end", async () => {
      const output = openOutput({ driver: "gpio", pin: 17, tools: standIn.tools });
      await output.write(1);
      await until("it is on", async () => `${await standIn.held()}` === "17=1");
      await Promise.all([0.2, 0.9, 0.1].map((level) => output.write(level)));
      await until("it is off", async () => `${await standIn.held()}` === "17=0");
      await output.write(0.8);
      await output.close();
      assert.deepEqual(await standIn.held(), []);
      await assert.rejects(output.write(1), { code: "TINYML_HARDWARE_FAILED" });
    });

    it("that others use are an error that says so", async () => {
      await standIn.behave("busy");
      const { errors, input } = watch(standIn.tools);
      await until("the error", () => errors.length > 0);
      assert.deepEqual(errors, ["TINYML_HARDWARE_FAILED"]);
      await input.close();
      const output = openOutput({ driver: "gpio", pin: 17, tools: standIn.tools });
      await assert.rejects(output.write(1), { code: "TINYML_HARDWARE_FAILED", message: /uses this pin/ });
      await output.close();
    });

    it("that don't answer hold nobody up for ever", async () => {
      await standIn.behave("hanging");
      const { errors, input } = watch(standIn.tools);
      await until("the error", () => errors.length > 0);
      assert.deepEqual(errors, ["TINYML_HARDWARE_FAILED"]);
      await input.close();
    });
  });
}

describe("GPIO pins", () => {
  it("are missing where there are no tools, and where the chip is another", async () => {
    const nowhere = openOutput({ driver: "gpio", pin: 17, tools: "/nowhere" });
    await assert.rejects(nowhere.write(1), { code: "TINYML_HARDWARE_MISSING", message: /apt install gpiod/ });
    await nowhere.close();
    const { tools } = await createGpioStandIn(await temporaryFolder(), 2, "INT34C6:00");
    const other = openOutput({ driver: "gpio", pin: 17, tools });
    await assert.rejects(other.write(1), { code: "TINYML_HARDWARE_MISSING", message: /INT34C6/ });
    await other.close();
    const named = openOutput({ driver: "gpio", pin: 17, tools, chip: "INT34C6:00" });
    await named.write(1);
    await named.close();
  });

  it("have a number from 0", () => {
    for (const pin of [-1, 1.5, Number.NaN]) {
      assert.throws(() => openOutput({ driver: "gpio", pin }), { code: "TINYML_CONFIG_INVALID" });
      assert.throws(() => watch("", { pin }), { code: "TINYML_CONFIG_INVALID" });
    }
  });
});

describe("a simulated button", () => {
  it("changes when it is pressed, and by itself", async () => {
    const levels: boolean[] = [];
    const listener = { onLevel: (on: boolean) => levels.push(on), onError: () => undefined };
    const pressed = openDigitalInput({ driver: "simulated", interval: 0, debounce: 0 }, listener);
    await until("its start", () => levels.length === 1);
    pressed.press(true);
    pressed.press(true);
    pressed.press(false);
    await pressed.close();
    assert.deepEqual(levels, [false, true, false]);
    levels.length = 0;
    const alone = openDigitalInput({ driver: "simulated", interval: 5, debounce: 0 }, listener);
    await until("some changes", () => levels.length > 3);
    await alone.close();
    assert.deepEqual(levels.slice(0, 4), [false, true, false, true]);
  });
});

describe("a calibration by two points", () => {
  it("is the straight line through both", () => {
    const correct = createCalibration({ measured: [0.1, 0.6], actual: [0, 100] });
    for (const [measured, actual] of [
      [0.1, 0],
      [0.6, 100],
      [0.35, 50],
      [0, -20],
    ]) {
      assert.ok(Math.abs(correct(measured) - actual) < 1e-9);
    }
    assert.throws(() => createCalibration({ measured: [1, 1], actual: [0, 1] }), { code: "TINYML_CONFIG_INVALID" });
  });
});
