import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { examplePath } from "../../build/node-red";
import { packagePath } from "../../build/package-files";
import { readTflite } from "../../src/tflite/read-tflite";
import { temporaryFolder } from "../support/folders";

describe("npm run demo", function () {
  this.timeout(120_000);

  it("runs the example to its end and prints nothing but what it reached", async () => {
    const userFolder = await temporaryFolder();
    const { status, stdout, stderr } = await demo(userFolder);
    assert.equal(status, 0, stderr);
    const result: Record<string, unknown> = JSON.parse(stdout);
    const keys = ["validationMse", "trainingSeconds", "floatBytes", "int8Bytes", "sketch", "flashBytes", "ramBytes"];
    assert.deepEqual(Object.keys(result), keys);
    const { validationMse, trainingSeconds, floatBytes, int8Bytes, sketch, flashBytes, ramBytes } = result;
    assert.ok(isBetween(validationMse, 0.002, 0.0035), `validation MSE ${validationMse}`);
    assert.ok(isBetween(trainingSeconds, 0.01, 10), `${trainingSeconds} s`);
    assert.ok(isBetween(flashBytes, 1000, 8192), `flash ${flashBytes}`);
    assert.ok(isBetween(ramBytes, 100, 512), `RAM ${ramBytes}`);

    const modelFile = (name: string): string => join(userFolder, "tinyml", "models", name, "model.tflite");
    assert.equal(floatBytes, (await stat(modelFile("potentiometer"))).size);
    assert.equal(int8Bytes, (await stat(modelFile("potentiometer-int8"))).size);
    const report = readTflite(await readFile(modelFile("potentiometer"))).metadata?.report;
    assert.equal(validationMse, report?.validationMetric);
    assert.ok((await readdir(String(sketch))).includes("potentiometer.ino"));
  });

  it("fails with the reason when a step fails", async () => {
    const example = await readFile(examplePath("Potentiometer to LED"), "utf8");
    const flows: Record<string, unknown>[] = JSON.parse(example);
    const broken = {
      "another channel": { channels: [] },
      "another task": { task: "classification", labels: "dark, bright" },
    };
    for (const [what, change] of Object.entries(broken)) {
      const folder = await temporaryFolder();
      const file = join(folder, "flows.json");
      const changed = flows.map((node) => (node.type === "tinyml-dataset" ? { ...node, ...change } : node));
      await writeFile(file, JSON.stringify(changed));
      const { status, stdout, stderr } = await demo(join(folder, "user"), file);
      assert.deepEqual({ status, stdout }, { status: 1, stdout: "" }, what);
      assert.match(stderr, /Waiting for the recording: .*(potentiometer|label|channel)/, what);
    }
  });

  it("leaves a folder alone that holds something", async () => {
    const userFolder = await temporaryFolder();
    await writeFile(join(userFolder, "diary.txt"), "mine");
    const { status, stdout, stderr } = await demo(userFolder);
    assert.deepEqual({ status, stdout }, { status: 1, stdout: "" });
    assert.match(stderr, /is not empty/);
    assert.deepEqual(await readdir(userFolder), ["diary.txt"]);
  });
});

function isBetween(value: unknown, low: number, high: number): boolean {
  return typeof value === "number" && value >= low && value <= high;
}

function demo(...parameters: readonly string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const script = ["--require", "tsx/cjs", packagePath("build", "demo.ts")];
  const child = spawn(process.execPath, [...script, ...parameters], {
    cwd: packagePath(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, stdout, stderr })));
}
