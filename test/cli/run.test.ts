import assert from "node:assert/strict";
import { lstat, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packagePath } from "../../build/package-files";
import { type LiteRtArray, loadInLiteRt } from "../support/litert";
import { sharedModel } from "../support/shared-models";
import { createWorkshop, runProcess, tinyml, tinymlJson } from "./support/tinyml";

describe("tinyml run", function () {
  this.timeout(60_000);
  let folder: string;
  const runOn = async (model: string, input: ArrayBufferView): Promise<Buffer> => {
    await writeFile(join(folder, "in.bin"), Buffer.from(input.buffer, input.byteOffset, input.byteLength));
    const { status, stdout, stderr } = await tinyml(folder, "run", model, "--input", "in.bin", "--output", "out.bin");
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
    return readFile(join(folder, "out.bin"));
  };
  const floats = (bytes: Buffer): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);
  const bytesOf = (array: LiteRtArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

  before(async () => {
    folder = await createWorkshop();
    for (const name of ["pot", "clouds"]) {
      await tinymlJson(folder, "train", `${name}.json`, "--data", name, "--out", `${name}.tflite`);
      const args = ["--method", "int8", "--data", name, "--out", `${name}.int8.tflite`];
      await tinymlJson(folder, "compress", `${name}.tflite`, ...args);
    }
  });

  for (const [name, width] of [
    ["pot", 1],
    ["clouds", 2],
  ] as const) {
    it(`${name}: float outputs are those of LiteRT, within 1e-5`, async () => {
      const input = Float32Array.from({ length: 200 * width }, (_, i) => ((i * 37) % 200) / 100 - 0.5);
      const output = floats(await runOn(`${name}.tflite`, input));
      const judge = await loadInLiteRt(await readFile(join(folder, `${name}.tflite`)));
      const outputs = output.length / 200;
      for (let sample = 0; sample < 200; sample++) {
        const [expected] = await judge.run([input.slice(sample * width, (sample + 1) * width)]);
        for (let i = 0; i < outputs; i++) {
          assert.ok(Math.abs(output[sample * outputs + i] - expected[i]) <= 1e-5, `sample ${sample}, output ${i}`);
        }
      }
      judge.dispose();
    });

    // XNNPACK rounds once where the reference kernels round twice. Quantizing looks for scales with which that makes no
    // difference: over all inputs when they are one number, else over those of the dataset, which these here are not.
    const steps = width === 1 ? 3 : 12;
    it(`${name}: int8 outputs are those of LiteRT, within ${steps} steps`, async () => {
      const samples = width === 1 ? 256 : 1024;
      const input = Int8Array.from({ length: samples * width }, (_, i) => (width === 1 ? i : i * 41));
      const output = new Int8Array(await runOn(`${name}.int8.tflite`, input));
      const judge = await loadInLiteRt(await readFile(join(folder, `${name}.int8.tflite`)));
      const outputs = output.length / samples;
      let further = 0;
      for (let sample = 0; sample < samples; sample++) {
        const [expected] = await judge.run([input.slice(sample * width, (sample + 1) * width)]);
        for (let i = 0; i < outputs; i++) {
          const difference = Math.abs(output[sample * outputs + i] - expected[i]);
          assert.ok(difference <= steps, `sample ${sample}, output ${i}: ${difference} steps`);
          if (difference > 3) further++;
        }
      }
      assert.ok(further <= 0.02 * output.length, `${further} of ${output.length} outputs differ by more`);
      judge.dispose();
    });
  }

  it("int8: bit for bit what the reference kernels of TFLM computed", async function () {
    await writeFile(join(folder, "sine.int8.tflite"), sharedModel(this, "hello_world_int8.tflite"));
    const expected = sharedModel(this, "golden/hello_world_int8.outputs.bin");
    const output = await runOn("sine.int8.tflite", sharedModel(this, "golden/hello_world_int8.inputs.bin"));
    assert.deepEqual(new Uint8Array(output), new Uint8Array(expected));
  });

  it("float: what the reference kernels of TFLM computed, within 1e-5 relative or 1e-6 absolute", async function () {
    await writeFile(join(folder, "sine.tflite"), sharedModel(this, "hello_world_float.tflite"));
    const output = floats(await runOn("sine.tflite", sharedModel(this, "golden/hello_world_float.inputs.bin")));
    const expected = floats(Buffer.from(sharedModel(this, "golden/hello_world_float.outputs.bin")));
    assert.equal(output.length, expected.length);
    output.forEach((value, i) => {
      const error = Math.abs(value - expected[i]);
      assert.ok(error <= Math.max(1e-6, 1e-5 * Math.abs(expected[i])), `sample ${i}: ${value}, not ${expected[i]}`);
    });
  });

  it("applies no features: the input is the graph's own", async () => {
    // clouds.tflite normalizes; for raw tensors [0, 0] stands for the mean.
    const [raw] = await loadInLiteRt(await readFile(join(folder, "clouds.tflite"))).then((judge) =>
      judge.run([new Float32Array(2)]).finally(judge.dispose),
    );
    const output = await runOn("clouds.tflite", new Float32Array(2));
    floats(output).forEach((value, i) => {
      assert.ok(Math.abs(value - raw[i]) <= 1e-5);
    });
    assert.equal(bytesOf(raw).length, output.length);
  });

  it("runs many samples at once, in their order", async () => {
    const input = Int8Array.from({ length: 100_000 }, (_, i) => i);
    const output = await runOn("pot.int8.tflite", input);
    const once = await runOn("pot.int8.tflite", input.subarray(0, 256));
    assert.equal(output.length, input.length);
    output.forEach((value, i) => {
      if (value !== once[i % 256]) assert.fail(`sample ${i}`);
    });
  });

  it("--json counts samples and bytes; the output's folder is made, an old output replaced", async () => {
    await writeFile(join(folder, "in.bin"), new Float32Array(3 * 2));
    for (let time = 1; time <= 2; time++) {
      const args = ["run", "clouds.tflite", "--input", "in.bin", "--output", "new/out.bin"];
      const report = await tinymlJson(folder, ...args);
      assert.deepEqual(report, { output: "new/out.bin", samples: 3, bytes: 36 });
    }
  });

  it("writes to pipes and through links, too", async function () {
    if (process.platform === "win32") this.skip();
    await writeFile(join(folder, "in.bin"), Int8Array.of(-128, 127));
    const command = `"$0" "$1" run pot.int8.tflite --input in.bin --output`;
    const shell = (script: string) =>
      runProcess("sh", ["-c", script, process.execPath, packagePath("dist", "tinyml.js")], folder);
    assert.deepEqual(await shell(`${command} /dev/stdout | cat > piped.bin`), { status: 0, stdout: "", stderr: "" });
    await symlink("linked.bin", join(folder, "link.bin"));
    await writeFile(join(folder, "linked.bin"), "old");
    assert.deepEqual(await shell(`${command} link.bin`), { status: 0, stdout: "", stderr: "" });
    assert.ok((await lstat(join(folder, "link.bin"))).isSymbolicLink());
    const [piped, linked] = await Promise.all(["piped.bin", "linked.bin"].map((file) => readFile(join(folder, file))));
    assert.equal(piped.length, 2);
    assert.deepEqual(piped, linked);
  });
});
