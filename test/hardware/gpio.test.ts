import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { packagePath } from "../../build/package-files";
import type { TinymlError } from "../../src/errors";
import { type DigitalInput, openDigitalInput } from "../../src/hardware/digital-input";
import type { GpioInputSettings } from "../../src/hardware/gpio-input";
import { findToolVersion, listGpioChips } from "../../src/hardware/gpio-tools";
import { openOutput } from "../../src/hardware/output";
import { temporaryFolder } from "../support/folders";
import { eventually, type GpioStandIns, makeGpioStandIns } from "./support/gpio-tools";

/** The levels and problems that an input told. */
interface Heard {
  levels: number[];
  problems: TinymlError[];
}

describe("pins through libgpiod's tools", () => {
  const inputs: DigitalInput[] = [];
  afterEach(async () => {
    for (const input of inputs.splice(0)) await input.close();
  });

  function watch(tools: GpioStandIns, settings: Partial<GpioInputSettings> = {}): Heard {
    const heard: Heard = { levels: [], problems: [] };
    const given: GpioInputSettings = { driver: "gpio", pin: 17, path: tools.path, retryAfter: 20, ...settings };
    inputs.push(
      openDigitalInput(given, {
        level: (level) => heard.levels.push(level),
        problem: (error) => heard.problems.push(error),
      }),
    );
    return heard;
  }

  for (const version of [1, 2] as const) {
    describe(`version ${version}`, () => {
      let tools: GpioStandIns;
      beforeEach(async () => {
        tools = await makeGpioStandIns(join(await temporaryFolder(), "bin"), version);
      });

      it("tells its version once, and its chips", async () => {
        assert.equal(await findToolVersion(tools), version);
        assert.equal(await findToolVersion(tools), version);
        assert.deepEqual(await listGpioChips(tools), [
          { name: "gpiochip0", label: "pinctrl-bcm2711", lines: 58 },
          { name: "gpiochip1", label: "raspberrypi-exp-gpio", lines: 8 },
        ]);
        assert.deepEqual(await tools.calls(), [["gpiodetect", "--version"], ["gpiodetect"]]);
      });

      it("tells the level at first and each change after it, and ends gpiomon on close", async () => {
        const heard = watch(tools, { pull: "up" });
        await eventually("gpiomon runs", async () => (await tools.running()).length === 1);
        for (const level of [1, 0, 1] as const) {
          const before = heard.levels.length;
          await tools.move(17, level);
          await eventually("the change is told", () => heard.levels.length > before);
        }
        assert.deepEqual(heard, { levels: [0, 1, 0, 1], problems: [] });
        await inputs.pop()?.close();
        assert.deepEqual(await tools.running(), []);
        await tools.move(17, 0);
        assert.equal(heard.levels.length, 4);
      });

      it("leaves no pin held when Node-RED is killed", async () => {
        const program = `
          const { openOutput, openDigitalInput } = require(${JSON.stringify(packagePath("dist", "lib.js"))});
          const path = ${JSON.stringify(tools.path)};
          openDigitalInput({ driver: "gpio", pin: 17, path }, { level: () => {}, problem: console.error });
          openOutput({ driver: "gpio", pin: 18, path }).write(1);`;
        const nodeRed = spawn(process.execPath, ["-e", program], { stdio: "inherit" });
        await eventually("both pins are in use", async () => (await tools.running()).length === 2);
        nodeRed.kill("SIGKILL");
        await eventually("both are free", async () => (await tools.running()).length === 0);
      });

      it("says on for a low voltage where that is meant, with each of the resistors", async () => {
        for (const pull of ["up", "down", "none"] as const) {
          const heard = watch(tools, { pull, activeLow: true });
          await eventually("the level is told", () => heard.levels.length > 0);
          assert.deepEqual(heard, { levels: [1], problems: [] });
          await inputs.pop()?.close();
        }
      });

      it("starts gpiomon again when it dies", async () => {
        const heard = watch(tools);
        await eventually("gpiomon runs", async () => (await tools.running()).length === 1);
        const [first = 0] = await tools.running();
        process.kill(first, "SIGKILL");
        await eventually(
          "another runs",
          async () => !(await tools.running()).includes(first) && heard.levels.length === 2,
        );
        assert.deepEqual(
          heard.problems.map(({ code }) => code),
          ["TINYML_HARDWARE_FAILED"],
        );
        await eventually("gpiomon runs", async () => (await tools.running()).length === 1);
        await tools.move(17, 1);
        await eventually("the change is told", () => heard.levels.at(-1) === 1);
      });

      const troubles = [
        { how: "busy", code: "TINYML_HARDWARE_FAILED", words: /in use by another program/ },
        { how: "denied", code: "TINYML_HARDWARE_FAILED", words: /group gpio/ },
        { how: "garbage", code: "TINYML_HARDWARE_FAILED", words: /"\?" instead of its level/ },
        { how: "gone", code: "TINYML_HARDWARE_MISSING", words: /no pins of a Raspberry Pi\. Choose the simulated/ },
        { how: "hang", code: "TINYML_HARDWARE_FAILED", words: /does not answer/ },
      ];
      for (const { how, code, words } of troubles) {
        it(`says what is wrong when the pin is ${how}, and goes on when it is well again`, async () => {
          await findToolVersion(tools);
          await tools.misbehave(how);
          const heard = watch(tools, { timeout: how === "hang" ? 200 : 5000 });
          await eventually("the problem is told", () => heard.problems.length > 0);
          assert.equal(heard.problems[0]?.code, code);
          assert.match(heard.problems[0]?.message ?? "", words);
          await tools.misbehave("");
          await eventually("the level is told", () => heard.levels.length === 1);
        });
      }

      it("holds an output for as long as it is open, and gives it back switched off", async () => {
        const output = openOutput({ driver: "gpio", pin: 4, path: tools.path, settle: 500 });
        await output.write(0.9);
        assert.equal(output.level, 1);
        await eventually("it is on", async () => (await tools.held(4)) === "1");
        const [holder] = await tools.running();
        await output.write(1);
        assert.deepEqual(await tools.running(), [holder], "the same level needs no other gpioset");
        await output.write(0.2);
        await eventually("it is off", async () => (await tools.held(4)) === "0");
        assert.equal((await tools.running()).length, 1);
        await output.close();
        await output.close();
        assert.deepEqual([await tools.held(4), await tools.running()], [undefined, []]);
        await assert.rejects(output.write(1), { code: "TINYML_HARDWARE_FAILED", message: /closed/ });
      });

      it("turns a relay on by low voltage, and holds anew what died", async () => {
        const output = openOutput({ driver: "gpio", pin: 4, activeLow: true, path: tools.path, settle: 500 });
        await output.write(1);
        await eventually("the voltage is low", async () => (await tools.held(4)) === "0");
        const [first = 0] = await tools.running();
        process.kill(first, "SIGKILL");
        await eventually("it is dead", async () => (await tools.running()).length === 0);
        await output.write(1);
        await eventually("another holds it", async () => (await tools.running()).length === 1);
        await output.close();
      });

      it("says so when the pin is no longer held", async () => {
        const lost: TinymlError[] = [];
        const output = openOutput({ driver: "gpio", pin: 17, path: tools.path, lost: (error) => lost.push(error) });
        await output.write(1);
        const [holder = 0] = await tools.running();
        process.kill(holder, "SIGKILL");
        await eventually("it is told", () => lost.length > 0);
        assert.deepEqual(
          lost.map(({ code }) => code),
          ["TINYML_HARDWARE_FAILED"],
        );
        assert.equal(output.level, undefined);
        await output.write(0);
        await output.write(1);
        await output.close();
        assert.equal(lost.length, 1);
      });

      it("refuses an output that can't be set, and sets it when it can", async () => {
        await findToolVersion(tools);
        for (const [how, code] of [
          ["busy", "TINYML_HARDWARE_FAILED"],
          ["gone", "TINYML_HARDWARE_MISSING"],
          ["hang", "TINYML_HARDWARE_FAILED"],
        ] as const) {
          await tools.misbehave(how);
          const timeout = how === "hang" ? 200 : 5000;
          const output = openOutput({ driver: "gpio", pin: 4, path: tools.path, timeout, settle: 1000 });
          await assert.rejects(output.write(1), { code }, how);
          await output.close().catch(() => undefined);
        }
        const output = openOutput({ driver: "gpio", pin: 4, path: tools.path, timeout: 5000, settle: 500 });
        await tools.misbehave("busy");
        await assert.rejects(output.write(1), { message: /in use/ });
        await tools.misbehave("");
        await Promise.all([0, 1, 0, 1].map((level) => output.write(level)));
        assert.equal(output.level, 1);
        await output.close();
        assert.deepEqual(await tools.running(), []);
      });
    });
  }

  it("finds the header of each Raspberry Pi by its label, whatever its number, and any chip that is named", async () => {
    const chips = "gpiochip0 [gpio-brcmstb@107d508500] (32 lines)\ngpiochip4 [pinctrl-rp1] (54 lines)\n";
    const tools = await makeGpioStandIns(join(await temporaryFolder(), "bin"), 2, chips);
    for (const [chip, found] of [
      [undefined, "gpiochip4"],
      ["pinctrl-rp1", "gpiochip4"],
      ["gpiochip0", "gpiochip0"],
      ["0", "gpiochip0"],
      ["/dev/gpiochip4", "gpiochip4"],
    ] as const) {
      const output = openOutput({ driver: "gpio", pin: 17, path: tools.path, ...(chip && { chip }) });
      await output.write(1);
      await output.close();
      const call = (await tools.calls()).at(-1) ?? [];
      assert.equal(call[call.indexOf("--chip") + 1], found);
    }
    for (const [settings, words] of [
      [{ pin: 54 }, /pins 0 to 53, so there is no GPIO 54/],
      [{ pin: 1, chip: "gpiochip9" }, /no GPIO chip gpiochip9 \(there is gpiochip0 gpio-brcmstb/],
    ] as const) {
      const output = openOutput({ driver: "gpio", path: tools.path, ...settings });
      await assert.rejects(output.write(1), { code: "TINYML_HARDWARE_MISSING", message: words });
    }
  });

  it("says what to type where the tools are not on the machine, and finds them when they come", async () => {
    const folder = join(await temporaryFolder(), "bin");
    const tools = await makeGpioStandIns(folder, 2);
    await rm(folder, { recursive: true });
    const heard = watch(tools);
    await eventually("it is told", () => heard.problems.length > 1);
    assert.equal(heard.problems[0]?.code, "TINYML_HARDWARE_MISSING");
    assert.match(heard.problems[0]?.message ?? "", /sudo apt install gpiod/);
    await makeGpioStandIns(folder, 2);
    await eventually("the level is told", () => heard.levels.length === 1);
  });

  it("says that the tools may not be run, and uses them as soon as they may", async () => {
    const tools = await makeGpioStandIns(join(await temporaryFolder(), "bin"), 2);
    const detect = join(tools.path, "gpiodetect");
    await chmod(detect, 0o644);
    const heard = watch(tools);
    const output = openOutput({ driver: "gpio", pin: 4, path: tools.path, settle: 500 });
    const refused = { code: "TINYML_HARDWARE_FAILED", message: /^gpiodetect can't be started \(EACCES\)\. The user/ };
    await assert.rejects(output.write(1), refused);
    await eventually("it is told again", () => heard.problems.length > 1);
    for (const problem of heard.problems) assert.throws(() => assert.fail(problem), refused);
    await chmod(detect, 0o755);
    await eventually("the level is told", () => heard.levels.length === 1);
    await output.write(1);
    assert.equal(output.level, 1);
    await output.close();
  });

  it("says that a tool can't be started where Node throws that", async () => {
    const tools = await makeGpioStandIns(join(await temporaryFolder(), "bin"), 2);
    // Too much for one variable of a program's environment.
    const path = `${tools.path}:${"/nowhere:".repeat(100_000)}`;
    const output = openOutput({ driver: "gpio", pin: 4, path });
    await assert.rejects(output.write(1), { code: "TINYML_HARDWARE_FAILED", message: /^gpiodetect .*\(E2BIG\)/ });
    await output.close();
  });

  it("says that gpioset may not be run", async () => {
    const tools = await makeGpioStandIns(join(await temporaryFolder(), "bin"), 2);
    await chmod(join(tools.path, "gpioset"), 0o644);
    const output = openOutput({ driver: "gpio", pin: 4, path: tools.path });
    const refused = { code: "TINYML_HARDWARE_FAILED", message: /^gpioset can't be started \(EACCES\)\. The user/ };
    await assert.rejects(output.write(1), refused);
    await output.close().catch(() => undefined);
  });

  it("switches a pin off at the end whose last change Node could not start", async () => {
    const tools = await makeGpioStandIns(join(await temporaryFolder(), "bin"), 2);
    const output = openOutput({ driver: "gpio", pin: 4, path: tools.path, settle: 500 });
    await output.write(1);
    const writing = output.write(0);
    // gpiodetect is started already when there is too much for a program's environment, gpioset is not.
    await new Promise((resolve) => setImmediate(resolve));
    process.env.TINYML_TEST = "x".repeat(200_000);
    try {
      await assert.rejects(writing, { code: "TINYML_HARDWARE_FAILED", message: /^gpioset .*\(E2BIG\)/ });
    } finally {
      delete process.env.TINYML_TEST;
    }
    await output.close();
    assert.match((await tools.calls()).at(-1)?.join(" ") ?? "", /^gpioset .*4=0$/);
  });

  it("counts a bouncing button once", async () => {
    const tools = await makeGpioStandIns(join(await temporaryFolder(), "bin"), 1);
    const heard = watch(tools, { debounce: 300 });
    await eventually("gpiomon runs", async () => (await tools.running()).length === 1);
    for (const level of [1, 0, 1, 0, 1] as const) {
      await tools.move(17, level);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await eventually("the level is told", () => heard.levels.length === 2);
    assert.deepEqual(heard.levels, [0, 1]);
  });

  it("refuses settings that make no sense", () => {
    const wrong: Partial<GpioInputSettings>[] = [
      { pin: -1 },
      { pin: 0.5 },
      { pin: Number.NaN },
      { chip: "--help" },
      { chip: "a b" },
      { debounce: -1 },
      { debounce: Number.NaN },
    ];
    const listener = { level: () => undefined, problem: () => undefined };
    for (const settings of wrong) {
      assert.throws(() => openDigitalInput({ driver: "gpio", pin: 1, ...settings }, listener), {
        code: "TINYML_CONFIG_INVALID",
      });
    }
    const unknown: GpioInputSettings = JSON.parse('{"driver": "wiringpi", "pin": 1}');
    assert.throws(() => openDigitalInput(unknown, listener), { code: "TINYML_CONFIG_INVALID", message: /"wiringpi"/ });
  });
});

describe("simulated button", () => {
  const open = (toggleEvery = 0) => {
    const levels: number[] = [];
    const input = openDigitalInput(
      { driver: "simulated", toggleEvery },
      { level: (level) => levels.push(level), problem: assert.fail },
    );
    return { input, levels };
  };

  it("is released at first, and pressed by calls", async () => {
    const { input, levels } = open();
    await eventually("its level is told", () => levels.length === 1);
    for (const press of [1, 1, 0, "toggle", "toggle"] as const) input.press(press);
    assert.deepEqual(levels, [0, 1, 0, 1, 0]);
    await input.close();
    input.press(1);
    assert.equal(levels.length, 5);
  });

  it("presses itself", async () => {
    const { input, levels } = open(2);
    await eventually("it was pressed", () => levels.length >= 5);
    await input.close();
    const changes = levels.slice(levels.indexOf(1));
    assert.ok(
      changes.every((level, i) => level === (i % 2 === 0 ? 1 : 0)),
      levels.join(),
    );
    assert.throws(() => open(-1), { code: "TINYML_CONFIG_INVALID" });
  });
});
