import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TinymlError } from "../../src/errors";
import { openDigitalInput } from "../../src/hardware/digital-input";
import { openOutput } from "../../src/hardware/output";
import { temporaryFolder } from "../support/folders";
import { eventually } from "./support/gpio-tools";

/** Stand-ins of what the packages' own pages document; the packages themselves need a Raspberry Pi. They note every call. */
const note = `const fs = require("node:fs"); const path = require("node:path");
const note = (...call) => fs.appendFileSync(path.join(__dirname, "calls"), JSON.stringify(call) + "\\n");`;
const onoff = `${note}
exports.Gpio = class {
  constructor(...given) {
    if (fs.existsSync(path.join(__dirname, "broken"))) throw new Error("EINVAL: invalid argument, write");
    note("new", ...given);
    this.level = 0;
  }
  readSync() { return this.level; }
  watch(callback) {
    const presses = [1, 0, 1];
    const next = () => { if (presses.length > 0) { callback(undefined, presses.shift()); setTimeout(next, 5); } };
    setTimeout(next, 5);
  }
  async write(value) { note("write", value); }
  unwatchAll() { note("unwatchAll"); }
  unexport() { note("unexport"); }
};`;
const pigpio = `${note}
exports.Gpio = class {
  constructor(...given) {
    if (fs.existsSync(path.join(__dirname, "broken"))) throw new Error("pigpio error -1 in gpioInitialise");
    note("new", ...given);
  }
  ${["pwmFrequency", "pwmRange", "pwmWrite", "servoWrite", "hardwarePwmWrite", "digitalWrite"]
    .map((name) => `${name}(...given) { note("${name}", ...given); return this; }`)
    .join("\n  ")}
};`;

describe("optional packages", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  async function install(name: "onoff" | "pigpio"): Promise<() => Promise<unknown[]>> {
    const place = join(folder, "node_modules", name);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, "index.js"), name === "onoff" ? onoff : pigpio);
    return async () => {
      const lines = (await readFile(join(place, "calls"), "utf8").catch(() => "")).split("\n");
      return lines.filter((line) => line !== "").map((line): unknown => JSON.parse(line));
    };
  }

  const breakPackage = (name: string) => writeFile(join(folder, "node_modules", name, "broken"), "");

  for (const driver of ["onoff", "pigpio"] as const) {
    it(`${driver}: says what to type where it is not installed, with the first use`, async () => {
      const output = openOutput({ driver, pin: 17, folders: [folder] });
      await assert.rejects(output.write(1), {
        code: "TINYML_HARDWARE_MISSING",
        message: new RegExp(`npm install ${driver}`),
      });
      await output.close();
    });

    it(`${driver}: says that it failed, and works when it does`, async () => {
      await install(driver);
      await breakPackage(driver);
      const output = openOutput({ driver, pin: 17, folders: [folder], root: folder });
      await assert.rejects(output.write(1), { code: "TINYML_HARDWARE_FAILED", message: /GPIO 17/ });
      await output.close();
    });
  }

  it("onoff: switches a pin, counted from where the header begins in sysfs, and gives it back off", async () => {
    const calls = await install("onoff");
    const chip = join(folder, "class", "gpio", "gpiochip571");
    await mkdir(chip, { recursive: true });
    await writeFile(join(chip, "label"), "pinctrl-rp1\n");
    await writeFile(join(chip, "base"), "571\n");
    const output = openOutput({ driver: "onoff", pin: 17, activeLow: true, folders: [folder], root: folder });
    await output.write(0.7);
    await output.write(0.2);
    await output.write(1);
    await output.close();
    assert.deepEqual(await calls(), [
      ["new", 588, "out", { activeLow: true }],
      ["write", 1],
      ["write", 0],
      ["write", 1],
      ["write", 0],
      ["unexport"],
    ]);
  });

  it("onoff: tells the level and its changes, and gives the pin back", async () => {
    const calls = await install("onoff");
    const levels: number[] = [];
    const input = openDigitalInput(
      { driver: "onoff", pin: 4, folders: [folder], root: folder },
      { level: (level) => levels.push(level), problem: assert.fail },
    );
    await eventually("the changes are told", () => levels.length === 4);
    await input.close();
    assert.deepEqual(levels, [0, 1, 0, 1]);
    assert.deepEqual(await calls(), [["new", 4, "in", "both", { activeLow: false }], ["unwatchAll"], ["unexport"]]);
  });

  it("onoff: an input without the package tells what to type, and tries on", async () => {
    const problems: TinymlError[] = [];
    const levels: number[] = [];
    const input = openDigitalInput(
      { driver: "onoff", pin: 4, folders: [folder], root: folder, retryAfter: 10 },
      { level: (level) => levels.push(level), problem: (error) => problems.push(error) },
    );
    await eventually("it is told", () => problems.length > 1);
    assert.match(problems[0]?.message ?? "", /npm install onoff/);
    await input.close();
    assert.deepEqual(levels, []);
  });

  it("pigpio: pulses by the chip where it can, else by itself", async () => {
    const calls = await install("pigpio");
    for (const pin of [18, 17]) {
      const output = openOutput({ driver: "pigpio", pin, frequencyHz: 500, folders: [folder] });
      await output.write(0.25);
      assert.equal(output.level, 0.25);
      await output.close();
    }
    assert.deepEqual(await calls(), [
      ["new", 18, { mode: 1 }],
      ["hardwarePwmWrite", 500, 250_000],
      ["hardwarePwmWrite", 500, 0],
      ["new", 17, { mode: 1 }],
      ["pwmFrequency", 500],
      ["pwmRange", 1000],
      ["pwmWrite", 250],
      ["pwmWrite", 0],
    ]);
  });

  it("pigpio: moves a servo, and lets it rest", async () => {
    const calls = await install("pigpio");
    const output = openOutput({ driver: "pigpio", pin: 17, servo: {}, folders: [folder] });
    for (const level of [0, 0.5, 1]) await output.write(level);
    await output.close();
    const pulses = [500, 1500, 2500, 0].map((microseconds) => ["servoWrite", microseconds]);
    assert.deepEqual(await calls(), [["new", 17, { mode: 1 }], ...pulses]);
  });

  it("refuses settings that make no sense", () => {
    assert.throws(() => openOutput({ driver: "pigpio", pin: -1 }), { code: "TINYML_CONFIG_INVALID" });
    assert.throws(() => openOutput({ driver: "pigpio", pin: 1, frequencyHz: 0 }), { code: "TINYML_CONFIG_INVALID" });
    for (const servo of [{ shortest: 0 }, { longest: 9 }, { shortest: 2, longest: 1 }, { shortest: Number.NaN }]) {
      assert.throws(() => openOutput({ driver: "pigpio", pin: 1, servo }), { code: "TINYML_CONFIG_INVALID" });
      assert.throws(() => openOutput({ driver: "pwm", channel: 1, servo }), { code: "TINYML_CONFIG_INVALID" });
    }
    for (const servo of [{ shortest: 0.4 }, { longest: 2.6 }]) {
      assert.throws(() => openOutput({ driver: "pigpio", pin: 1, servo }), /from 0\.5 to 2\.5 milliseconds/);
      assert.ok(openOutput({ driver: "pwm", channel: 1, servo }));
    }
  });
});
