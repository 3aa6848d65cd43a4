import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openOutput } from "../../src/hardware/output";
import type { PwmSettings } from "../../src/hardware/pwm";

/** Trees on disk as the kernel's sysfs-class-pwm ABI lays them out; a task plays the kernel's part of an export. */
describe("pwm output", () => {
  let root: string;
  let kernel: AbortController;
  const chip = (number: number, ...rest: string[]): string => join(root, "class/pwm", `pwmchip${number}`, ...rest);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "tinyml-pwm-"));
    kernel = new AbortController();
  });
  afterEach(async () => {
    kernel.abort();
    await sleep(10);
    await rm(root, { recursive: true, force: true });
  });

  async function makeChip(number: number, device: string, channels = 2): Promise<void> {
    await mkdir(chip(number), { recursive: true });
    await writeFile(chip(number, "npwm"), `${channels}\n`);
    await writeFile(chip(number, "export"), "");
    await mkdir(join(root, "devices", device), { recursive: true });
    await symlink(join("../../../devices", device), chip(number, "device"));
  }

  async function makeChannel(number: number, channel: string): Promise<void> {
    await mkdir(chip(number, `pwm${channel}`));
    for (const file of ["enable", "duty_cycle", "period"]) await writeFile(chip(number, `pwm${channel}`, file), "0\n");
  }

  /** Makes the channel's files a moment after its number was written to `export`, as the kernel and udev do. */
  async function playKernel(number: number, delay = 0): Promise<void> {
    while (!kernel.signal.aborted) {
      const channel = (await readFile(chip(number, "export"), "utf8").catch(() => "")).trim();
      if (channel !== "") {
        await sleep(delay);
        await makeChannel(number, channel);
        return;
      }
      await sleep(2);
    }
  }

  const values = async (number: number, channel: number): Promise<number[]> =>
    Promise.all(
      ["period", "duty_cycle", "enable"].map(async (file) =>
        Number(await readFile(chip(number, `pwm${channel}`, file), "utf8")),
      ),
    );

  const openPwm = (settings: Partial<PwmSettings> = {}) => openOutput({ driver: "pwm", channel: 0, root, ...settings });

  it("exports the channel, sets period and pulse, switches it on, and off again on close", async () => {
    await makeChip(0, "fe20c000.pwm");
    const exported = playKernel(0, 100);
    const output = openPwm({ channel: 1 });
    await output.write(0.25);
    await exported;
    assert.deepEqual(await values(0, 1), [1_000_000, 250_000, 1]);
    assert.equal(output.level, 0.25);
    await output.close();
    assert.deepEqual(await values(0, 1), [1_000_000, 0, 0]);
    assert.equal(output.level, 0);
    await assert.rejects(output.write(1), { code: "TINYML_HARDWARE_FAILED", message: /closed/ });
  });

  it("uses a channel that is exported already, and clamps", async () => {
    await makeChip(0, "3f20c000.pwm");
    await makeChannel(0, "0");
    const output = openPwm({ frequencyHz: 50 });
    await output.write(7);
    assert.deepEqual(await values(0, 0), [20_000_000, 20_000_000, 1]);
    await output.write(-7);
    assert.deepEqual(await values(0, 0), [20_000_000, 0, 1]);
    await assert.rejects(output.write(Number.NaN), { code: "TINYML_NOT_A_NUMBER" });
    assert.equal(await readFile(chip(0, "export"), "utf8"), "");
    await output.close();
  });

  it("leaves the output at its safe level", async () => {
    await makeChip(0, "fe20c000.pwm");
    await makeChannel(0, "0");
    const output = openPwm({ safeLevel: 0.5 });
    await output.write(1);
    await output.close();
    await output.close();
    assert.deepEqual(await values(0, 0), [1_000_000, 500_000, 1]);
  });

  it("moves a servo by pulses of half to two and a half milliseconds, and lets it rest", async () => {
    await makeChip(0, "fe20c000.pwm");
    await makeChannel(0, "0");
    const output = openPwm({ servo: {}, frequencyHz: 1000, safeLevel: 0.5 });
    for (const [level, pulse] of [
      [0, 500_000],
      [0.5, 1_500_000],
      [1, 2_500_000],
    ] as const) {
      await output.write(level);
      assert.deepEqual(await values(0, 0), [20_000_000, pulse, 1]);
    }
    await output.close();
    assert.equal((await values(0, 0))[1], 0);
  });

  it("does not touch an output that it never set", async () => {
    await makeChip(0, "fe20c000.pwm");
    await makeChannel(0, "0");
    await writeFile(chip(0, "pwm0/enable"), "1");
    await openPwm().close();
    assert.deepEqual(await values(0, 0), [0, 0, 1]);
  });

  it("finds the chip of the header pins by its device, not by its number, and leaves the fan of a Pi 5 alone", async () => {
    await makeChip(0, "107d517a80.pwm");
    await makeChip(2, "1f0009c000.pwm", 4);
    await assert.rejects(openPwm().write(1), { code: "TINYML_HARDWARE_MISSING", message: /dtoverlay=pwm-2chan/ });
    await makeChip(6, "1f00098000.pwm", 4);
    await makeChannel(6, "3");
    const output = openPwm({ channel: 3 });
    await output.write(1);
    assert.deepEqual(await values(6, 3), [1_000_000, 1_000_000, 1]);
  });

  it("takes the chip that was asked for, by number or device, and any chip of an unknown board", async () => {
    await makeChip(1, "soc:pwm@7000");
    await makeChip(0, "soc:pwm@6000");
    for (const number of [0, 1]) await makeChannel(number, "0");
    await openPwm({ chip: 1 }).write(0.1);
    await openPwm({ chip: "soc:pwm@7000", frequencyHz: 100 }).write(0.2);
    await openPwm().write(0.3);
    assert.deepEqual(await values(1, 0), [10_000_000, 2_000_000, 1]);
    assert.deepEqual(await values(0, 0), [1_000_000, 300_000, 1]);
    await assert.rejects(openPwm({ chip: 5 }).write(1), { code: "TINYML_HARDWARE_MISSING", message: /chip 5/ });
  });

  it("names the overlay when there is no chip or no such channel", async () => {
    const missing = { code: "TINYML_HARDWARE_MISSING", message: /dtoverlay=pwm-2chan/ };
    await assert.rejects(openPwm().write(1), missing);
    await makeChip(0, "fe20c000.pwm");
    await assert.rejects(openPwm({ channel: 2 }).write(1), missing);
  });

  it("tells that the chip vanished, and works again when it is back", async () => {
    await makeChip(0, "fe20c000.pwm");
    await makeChannel(0, "0");
    const output = openPwm();
    await output.write(0.5);
    await rename(chip(0), join(root, "unloaded"));
    for (let i = 0; i < 2; i++) await assert.rejects(output.write(1), { code: "TINYML_HARDWARE_FAILED" });
    await rename(join(root, "unloaded"), chip(0));
    await output.write(1);
    assert.deepEqual(await values(0, 0), [1_000_000, 1_000_000, 1]);
    await rename(chip(0), join(root, "unloaded"));
    await assert.rejects(output.close(), { code: "TINYML_HARDWARE_FAILED" });
  });

  it("lets the last of many quick writes win without doing them all", async () => {
    await makeChip(0, "fe20c000.pwm");
    await makeChannel(0, "0");
    const output = openPwm();
    await Promise.all(Array.from({ length: 1000 }, (_, i) => output.write(i / 999)));
    assert.deepEqual(await values(0, 0), [1_000_000, 1_000_000, 1]);
  });

  it("does not wait for a driver that hangs, and sets the last level when it answers", async () => {
    await makeChip(0, "fe20c000.pwm");
    await makeChannel(0, "0");
    const output = openPwm({ timeout: 100 });
    await output.write(0.5);
    const file = chip(0, "pwm0/duty_cycle");
    await rm(file);
    // To open a pipe for writing takes until somebody reads.
    execFileSync("mkfifo", [file]);
    const hangs = { code: "TINYML_HARDWARE_FAILED", message: /does not answer/ };
    await assert.rejects(output.write(0.1), hangs);
    await assert.rejects(output.write(0.2), hangs);
    await assert.rejects(output.write(0.3), hangs);
    const pipe = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    await sleep(100);
    const { buffer, bytesRead } = await pipe.read();
    assert.equal(buffer.toString("utf8", 0, bytesRead), "100000300000");
    await pipe.close();
    assert.equal(output.level, 0.3);
  });

  it("refuses settings that make no sense", () => {
    for (const settings of [{ channel: -1 }, { channel: 0.5 }, { frequencyHz: 0 }, { frequencyHz: Number.NaN }]) {
      assert.throws(() => openPwm(settings), { code: "TINYML_CONFIG_INVALID" });
    }
    assert.throws(() => openPwm({ safeLevel: Number.NaN }), { code: "TINYML_NOT_A_NUMBER" });
  });
});
