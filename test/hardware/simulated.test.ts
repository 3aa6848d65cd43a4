import assert from "node:assert/strict";
import fc from "fast-check";
import { openAnalogInput } from "../../src/hardware/analog-input";
import { openOutput } from "../../src/hardware/output";
import type { SimulatedInputSettings } from "../../src/hardware/simulated";

async function readCodes(settings: Omit<SimulatedInputSettings, "driver">, count: number): Promise<number[]> {
  const input = openAnalogInput({ driver: "simulated", ...settings });
  const codes: number[] = [];
  for (let i = 0; i < count; i++) codes.push((await input.read()).code);
  input.close();
  return codes;
}

describe("simulated analog input", () => {
  it("turns smoothly and is everywhere equally often", async () => {
    const codes = await readCodes({}, 1000);
    const tenths = new Array<number>(10).fill(0);
    codes.forEach((code, i) => {
      assert.ok(Number.isInteger(code) && code >= 0 && code <= 1023);
      // A turn of 162 readings moves by 2/162 of full scale per reading.
      if (i > 0) assert.ok(Math.abs(code - (codes[i - 1] ?? 0)) <= 14);
      const tenth = Math.floor((code / 1024) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    });
    for (const count of tenths) assert.ok(count >= 90 && count <= 110, `tenths ${tenths}`);
    assert.ok(new Set(codes).size > 500, "positions hardly repeat");
  });

  it("gives the same readings for the same seed and others for another", async () => {
    for (const waveform of ["turning", "sine", "random"] as const) {
      const settings = { waveform, noise: 0.05 };
      const codes = await readCodes({ ...settings, seed: 4 }, 50);
      assert.deepEqual(await readCodes({ ...settings, seed: 4 }, 50), codes);
      assert.notDeepEqual(await readCodes({ ...settings, seed: 5 }, 50), codes);
    }
  });

  it("stays within the converter's range with any settings, noise included", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          waveform: fc.constantFrom("turning", "sine", "random" as const),
          period: fc.double({ min: 2, max: 1e6, noNaN: true }),
          bits: fc.integer({ min: 1, max: 24 }),
          noise: fc.double({ min: 0, max: 1, noNaN: true }),
          seed: fc.integer(),
        }),
        async (settings) => {
          const input = openAnalogInput({ driver: "simulated", volts: 5, ...settings });
          for (let i = 0; i < 20; i++) {
            const { code, fullScale, volts = -1 } = await input.read();
            assert.equal(fullScale, 2 ** settings.bits - 1);
            assert.ok(Number.isInteger(code) && code >= 0 && code <= fullScale);
            assert.ok(volts >= 0 && volts < 5);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it("noise stays within what was asked for, on both sides of the true value", async () => {
    const still = await readCodes({ seed: 1 }, 500);
    const noisy = await readCodes({ seed: 1, noise: 0.01 }, 500);
    const errors = noisy.map((code, i) => code - (still[i] ?? 0));
    for (const error of errors) assert.ok(Math.abs(error) <= 0.01 * 1024 + 1);
    assert.ok(errors.some((error) => error > 5) && errors.some((error) => error < -5));
  });

  it("refuses settings that make no sense", () => {
    const wrong: Partial<SimulatedInputSettings>[] = [
      { period: 0 },
      { period: Number.NaN },
      { bits: 0 },
      { bits: 33 },
      { noise: -1 },
      { volts: -5 },
    ];
    for (const settings of wrong) {
      assert.throws(() => openAnalogInput({ driver: "simulated", ...settings }), { code: "TINYML_CONFIG_INVALID" });
    }
    const unknown: Parameters<typeof openAnalogInput>[0] = JSON.parse('{"driver": "onoff"}');
    assert.throws(() => openAnalogInput(unknown), { code: "TINYML_CONFIG_INVALID", message: /"onoff"/ });
  });

  it("does not read after it was closed", async () => {
    const input = openAnalogInput({ driver: "simulated" });
    input.close();
    await assert.rejects(input.read(), { code: "TINYML_HARDWARE_FAILED" });
  });
});

describe("simulated output", () => {
  it("remembers its level, clamped to 0..1, and takes its safe level on close", async () => {
    const output = openOutput({ driver: "simulated", safeLevel: 0.25 });
    assert.equal(output.level, undefined);
    for (const [value, level] of [
      [0.5, 0.5],
      [7, 1],
      [-1, 0],
      [Number.POSITIVE_INFINITY, 1],
    ] as const) {
      await output.write(value);
      assert.equal(output.level, level);
    }
    await output.close();
    assert.equal(output.level, 0.25);
  });

  it("refuses what is no number and keeps its level", async () => {
    const output = openOutput({ driver: "simulated" });
    await output.write(0.5);
    const text: number = JSON.parse('"bright"');
    for (const value of [Number.NaN, text]) {
      await assert.rejects(output.write(value), { code: "TINYML_NOT_A_NUMBER" });
    }
    assert.equal(output.level, 0.5);
  });

  it("refuses an unknown driver", () => {
    const unknown: Parameters<typeof openOutput>[0] = JSON.parse('{"driver": "telepathy"}');
    assert.throws(() => openOutput(unknown), { code: "TINYML_CONFIG_INVALID", message: /"telepathy"/ });
  });
});
