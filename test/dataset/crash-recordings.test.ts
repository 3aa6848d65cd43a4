import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { openStoredDataset } from "../../src/dataset/open-dataset";
import { createRandom } from "../../src/dataset/random";
import { temporaryFolder } from "../support/folders";
import { seed } from "../support/seed";
import { motionReading } from "./support/motion";

/** How often to kill; a developer who changes the journal may ask for more. */
const kills = Number(process.env.TINYML_KILLS ?? 12);

describe("a process that records twenty channels, killed at any moment", function () {
  this.timeout(20_000 + 3000 * kills);

  it("has lost nothing that it acknowledged, and leaves no half readings", async () => {
    const folder = join(await temporaryFolder(), "motion");
    const random = createRandom(seed);
    /** Of each sample how many readings were acknowledged. */
    const acknowledged = new Map<number, number>();
    for (let kill = 0; kill < kills; kill++) {
      const script = join(__dirname, "support", "recording-recorder.ts");
      const child = spawn(process.execPath, ["--require", "tsx/cjs", script, folder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const closed = once(child, "close");
      let output = "";
      const opened = new Promise<void>((resolve) => {
        child.stdout.on("data", (text) => {
          output += text;
          if (output.includes("open\n")) resolve();
        });
      });
      await Promise.race([opened, closed]);
      await new Promise((resolve) => setTimeout(resolve, 150 * random.uniform()));
      child.kill("SIGKILL");
      await closed;
      for (const line of output.split("\n").slice(0, -1)) {
        assert.doesNotMatch(line, /^error/);
        const [, kind, sample, number] = /^(reading|whole) (\d+) ?(\d*)$/.exec(line) ?? [];
        if (kind !== undefined) acknowledged.set(Number(sample), kind === "whole" ? 1 : Number(number) + 1);
      }

      const dataset = await openStoredDataset(folder);
      const entries = await dataset.samples();
      for (const [id, readings] of acknowledged) {
        const entry = entries.find((each) => each.id === id);
        assert.ok((entry?.readings ?? 0) >= readings, `sample ${id}: ${entry?.readings} of ${readings} readings`);
      }
      const newest = entries.filter(({ label }) => label === "wave").at(-1);
      if (newest !== undefined) {
        const { values, shape } = await dataset.readSample(newest.id);
        assert.deepEqual(shape, [newest.readings, 20]);
        for (let number = 0; number < shape[0]; number++) {
          const expected: Float32Array = Float32Array.from(motionReading(newest.id, number));
          assert.deepEqual(values.subarray(20 * number, 20 * number + 20), expected);
        }
      }
      await dataset.close();
    }
    assert.ok(acknowledged.size > 0);
  });
});
