import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AnalogInput, openAnalogInput } from "../../src/hardware/analog-input";
import type { IioSettings } from "../../src/hardware/iio";
import { scaleReading } from "../../src/hardware/reading";

/** Trees on disk as the kernel's sysfs-bus-iio ABI lays them out. */
describe("iio analog input", () => {
  let root: string;
  const inputs: AnalogInput[] = [];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "tinyml-iio-"));
  });
  afterEach(async () => {
    for (const input of inputs.splice(0)) input.close();
    await rm(root, { recursive: true, force: true });
  });

  const path = (number: number, file = ""): string => join(root, "bus/iio/devices", `iio:device${number}`, file);

  async function makeDevice(number: number, files: Record<string, string>): Promise<void> {
    for (const [file, content] of Object.entries(files)) {
      await mkdir(join(path(number, file), ".."), { recursive: true });
      await writeFile(path(number, file), `${content}\n`);
    }
  }

  const mcp3008 = { name: "mcp3008", in_voltage_scale: "3.222656250", in_voltage0_raw: "512", in_voltage7_raw: "1023" };

  function open(settings: Partial<IioSettings> = {}): AnalogInput {
    const input = openAnalogInput({ driver: "iio", device: "mcp3008", channel: 0, root, ...settings });
    inputs.push(input);
    return input;
  }

  it("reads the code, the full scale and the volts of a converter found by its name", async () => {
    await makeDevice(0, { name: "bme280", in_temp_input: "21000" });
    await makeDevice(1, mcp3008);
    const reading = await open().read();
    assert.deepEqual([reading.code, reading.fullScale], [512, 1023]);
    // 512 steps of 3300 mV / 1024.
    assert.equal(reading.volts, 512 * 0.00322265625);
    assert.equal(scaleReading(await open({ channel: 7 }).read(), "fraction"), 1);
  });

  it("finds a converter by its number, the lowest of two with one name otherwise", async () => {
    await makeDevice(2, mcp3008);
    await makeDevice(10, { ...mcp3008, in_voltage0_raw: "10" });
    assert.equal((await open().read()).code, 512);
    assert.equal((await open({ device: "iio:device10" }).read()).code, 10);
    assert.equal((await open({ device: "10" }).read()).code, 10);
  });

  it("tells an ADS1115 behind the name of its driver, by the bits the driver tells", async () => {
    await makeDevice(0, {
      name: "ads1015",
      in_voltage0_raw: "-12",
      in_voltage0_scale: "0.125000000",
      "scan_elements/in_voltage0_type": "le:s16/16>>0",
    });
    for (const device of ["ads1115", "ads1015"]) {
      const { code, fullScale, volts = 0 } = await open({ device }).read();
      assert.deepEqual([code, fullScale], [-12, 32767]);
      assert.ok(Math.abs(volts + 0.0015) < 1e-12);
    }
    await writeFile(path(0, "scan_elements/in_voltage0_type"), "le:s12/16>>4\n");
    assert.equal((await open({ device: "ads1015" }).read()).fullScale, 2047);
  });

  it("adds the offset, and leaves the volts out where there is no scale", async () => {
    await makeDevice(0, { ...mcp3008, in_voltage0_offset: "-12", in_voltage0_scale: "2" });
    assert.equal((await open().read()).volts, 1);
    await rm(path(0, "in_voltage0_scale"));
    await rm(path(0, "in_voltage_scale"));
    assert.equal((await open().read()).volts, undefined);
  });

  it("asks for the largest code of a converter that does not tell its bits", async () => {
    await makeDevice(0, { name: "adc-of-somebody", in_voltage0_raw: "5" });
    const device = "adc-of-somebody";
    await assert.rejects(open({ device }).read(), { code: "TINYML_CONFIG_INVALID", message: /largest code/ });
    assert.equal((await open({ device, fullScale: 255 }).read()).fullScale, 255);
  });

  it("names the line of config.txt that is missing, for each converter", async () => {
    const lines: Record<string, string> = {
      mcp3008: "dtoverlay=mcp3008,spi0-0-present",
      mcp3004: 'dtoverlay=anyspi,spi0-0,dev="microchip,mcp3004",speed=1000000',
      mcp3208: 'dtoverlay=anyspi,spi0-0,dev="microchip,mcp3208",speed=1000000',
      mcp3202: "dtoverlay=mcp3202,spi0-0-present",
      ads1115: "dtoverlay=ads1115,cha_enable,cha_cfg=6,cha_gain=1",
      ads1015: "dtoverlay=ads1015,cha_enable,cha_cfg=6,cha_gain=1",
      other: "dtoverlay",
      constructor: "dtoverlay",
    };
    for (const [device, line] of Object.entries(lines)) {
      await assert.rejects(open({ device, channel: 2 }).read(), (error: Error & { code?: string }) => {
        assert.equal(error.code, "TINYML_HARDWARE_MISSING");
        assert.ok(error.message.includes(device) && error.message.includes(line), error.message);
        return true;
      });
    }
    await makeDevice(0, mcp3008);
    await assert.rejects(open({ device: "ads1115" }).read(), { message: /there is mcp3008/ });
    await assert.rejects(open({ channel: 3 }).read(), { code: "TINYML_HARDWARE_MISSING", message: /only 0, 7/ });
  });

  it("measures the difference of two inputs, with the scale of that pair", async () => {
    await makeDevice(0, {
      ...mcp3008,
      "in_voltage0-voltage1_raw": "-100",
      "in_voltage-voltage_scale": "2",
    });
    const { code, volts } = await open({ against: 1 }).read();
    assert.deepEqual([code, volts], [-100, -0.2]);
    await assert.rejects(open({ channel: 1, against: 0 }).read(), {
      code: "TINYML_HARDWARE_MISSING",
      message: /no input 1-0, only 0, 7, 0-1/,
    });
    await assert.rejects(open({ device: "ads1115", channel: 1, against: 3 }).read(), {
      message: /dtparam=i2c_arm=on and dtoverlay=ads1115,cha_enable,cha_cfg=2,/,
    });
  });

  it("sets the finest range that holds the voltage, and the nearest rate", async () => {
    const ads1015 = {
      name: "ads1015",
      in_voltage0_raw: "5",
      in_voltage0_scale: "1",
      in_voltage_scale_available: "3 2 1 0.5 0.25 0.125",
      in_voltage0_sampling_frequency: "1600",
      sampling_frequency_available: "128 250 490 920 1600 2400 3300",
    };
    await makeDevice(0, ads1015);
    const read = (file: string) => readFile(path(0, file), "utf8");
    for (const [range, scale] of [
      [3.3, "2"],
      [4.096, "2"],
      [0.2, "0.125"],
      [100, "3"],
    ] as const) {
      const { volts = 0 } = await open({ device: "ads1015", range, rateHz: 1000 }).read();
      assert.equal(Number(await read("in_voltage0_scale")), Number(scale), `${range} V`);
      assert.ok(Math.abs(volts - (5 * Number(scale)) / 1000) < 1e-12);
      assert.equal(Number(await read("in_voltage0_sampling_frequency")), 920);
    }
  });

  it("leaves range and rate of a chip alone that has none", async () => {
    await makeDevice(0, mcp3008);
    assert.equal((await open({ range: 1, rateHz: 10 }).read()).code, 512);
    assert.equal((await readFile(path(0, "in_voltage_scale"), "utf8")).trim(), "3.222656250");
  });

  it("knows the full scale of each chip where its driver doesn't say", async () => {
    for (const [device, fullScale] of [
      ["mcp3004", 1023],
      ["mcp3008", 1023],
      ["mcp3208", 4095],
      ["ads1015", 2047],
      ["ads1115", 32767],
    ] as const) {
      await makeDevice(0, { name: device, in_voltage0_raw: "1" });
      assert.equal((await open({ device }).read()).fullScale, fullScale, device);
    }
  });

  it("works as soon as a missing converter appears", async () => {
    const input = open();
    await assert.rejects(input.read(), { code: "TINYML_HARDWARE_MISSING" });
    await makeDevice(0, mcp3008);
    assert.equal((await input.read()).code, 512);
  });

  it("tells that a converter vanished, and finds it again under another number", async () => {
    await makeDevice(0, mcp3008);
    const input = open();
    await input.read();
    await rename(path(0), join(root, "unplugged"));
    for (let i = 0; i < 3; i++) await assert.rejects(input.read(), { code: "TINYML_HARDWARE_FAILED", message: /back/ });
    await rename(join(root, "unplugged"), path(4));
    assert.equal((await input.read()).code, 512);
  });

  it("tells that a read failed, and goes on when it works again", async () => {
    await makeDevice(0, mcp3008);
    const input = open();
    await input.read();
    for (const garbage of ["", "error", "NaN"]) {
      await writeFile(path(0, "in_voltage0_raw"), garbage);
      await assert.rejects(input.read(), { code: "TINYML_HARDWARE_FAILED" });
    }
    await rm(path(0, "in_voltage0_raw"));
    await mkdir(path(0, "in_voltage0_raw"));
    await assert.rejects(input.read(), { code: "TINYML_HARDWARE_FAILED", message: /EISDIR/ });
    await rm(path(0, "in_voltage0_raw"), { recursive: true });
    await writeFile(path(0, "in_voltage0_raw"), "7\n");
    assert.equal((await input.read()).code, 7);
  });

  it("does not pile up reads while one hangs, and goes on when it answers", async () => {
    await makeDevice(0, mcp3008);
    const input = open({ timeout: 100 });
    await input.read();
    await rm(path(0, "in_voltage0_raw"));
    // To open a pipe for reading takes until somebody writes: a driver that hangs.
    execFileSync("mkfifo", [path(0, "in_voltage0_raw")]);
    const started = Date.now();
    const [first, second] = [input.read(), input.read()];
    assert.equal(first, second, "one read for both");
    await assert.rejects(first, { code: "TINYML_HARDWARE_FAILED", message: /does not answer/ });
    for (let i = 0; i < 100; i++) await assert.rejects(input.read(), { code: "TINYML_HARDWARE_FAILED" });
    assert.ok(Date.now() - started < 1000, "refused at once while the read hangs");
    await writeFile(path(0, "in_voltage0_raw"), "9\n");
    await sleep(50);
    await rm(path(0, "in_voltage0_raw"));
    await writeFile(path(0, "in_voltage0_raw"), "11\n");
    assert.equal((await input.read()).code, 11);
  });

  it("refuses settings that make no sense, and reads no more after close", async () => {
    for (const settings of [
      { device: "" },
      { device: "../x" },
      { channel: -1 },
      { channel: 0.5 },
      { against: 0 },
      { against: -1 },
    ]) {
      assert.throws(() => open(settings), { code: "TINYML_CONFIG_INVALID" });
    }
    await makeDevice(0, mcp3008);
    const input = open();
    const reading = input.read();
    input.close();
    await assert.rejects(reading, { code: "TINYML_HARDWARE_FAILED", message: /closed/ });
    await assert.rejects(input.read(), { code: "TINYML_HARDWARE_FAILED", message: /closed/ });
  });
});
