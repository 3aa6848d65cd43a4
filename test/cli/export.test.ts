import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeTflite } from "../../src/tflite/write-tflite";
import { sharedModel } from "../support/shared-models";
import { requireTool, runTool } from "../support/tools";
import { Graph } from "../tflite/models";
import { createWorkshop, tinyml, tinymlJson } from "./support/tinyml";

describe("tinyml export", function () {
  this.timeout(60_000);
  let folder: string;
  const at = (...parts: string[]): string => join(folder, ...parts);

  before(async () => {
    folder = await createWorkshop();
    for (const [name, data] of [
      ["pot", "pot"],
      ["csv", "pot.csv"],
      ["clouds", "clouds"],
    ]) {
      const recipe = name === "clouds" ? "clouds.json" : "pot.json";
      await tinymlJson(folder, "train", recipe, "--data", data, "--out", `${name}.tflite`);
      const args = ["--method", "int8", "--data", data, "--out", `${name}.int8.tflite`];
      await tinymlJson(folder, "compress", `${name}.tflite`, ...args);
    }
  });

  describe("--template stdio", () => {
    /** Exports, compiles as docs/cli.md says, and holds the program's outputs against those of `tinyml run`. */
    async function compare(model: string, out: string, input: Uint8Array): Promise<Buffer> {
      await tinymlJson(folder, "export", model, "--board", "uno", "--template", "stdio", "--out", out);
      const warnings = ["-std=c99", "-Wall", "-Wextra", "-Werror"];
      runTool("sh", ["-c", `cc ${warnings.join(" ")} "$0"/*.c -lm -o "$0/program"`, at(out)]);
      await writeFile(at("in.bin"), input);
      await tinymlJson(folder, "run", model, "--input", "in.bin", "--output", "out.bin");
      const expected = await readFile(at("out.bin"));
      const found = runTool(at(out, "program"), [], input);
      assert.deepEqual(found, expected);
      return found;
    }

    before(function () {
      requireTool(this, "cc");
    });

    it("int8: gives what tinyml run gives, for every input byte", async () => {
      const output = await compare(
        "pot.int8.tflite",
        "stdio-pot",
        Uint8Array.from({ length: 256 }, (_, i) => i),
      );
      assert.equal(output.length, 256);
      assert.ok(new Set(output).size > 100);
    });

    it("int8 with a softmax: the same for all pairs of input bytes", async () => {
      const pairs = Uint8Array.from({ length: 2 * 65536 }, (_, i) => (i % 2 === 0 ? (i >> 1) & 255 : i >> 9));
      assert.equal((await compare("clouds.int8.tflite", "stdio-clouds", pairs)).length, 3 * 65536);
    });

    it("a model of two inputs: the same", async () => {
      const graph = new Graph();
      const [a, b, sum] = ["a", "b", "sum"].map((name) => graph.tensor({ name, type: "float32", shape: [2] }));
      const options = { activation: "NONE", powerOfTwoScales: true } as const;
      graph.operator({ type: "ADD", inputs: [a, b], outputs: [sum], options });
      await writeFile(at("two.tflite"), writeTflite(graph.model([a, b], [sum])));
      const output = await compare("two.tflite", "stdio-two", new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
      assert.deepEqual([output.readFloatLE(0), output.readFloatLE(4)], [4, 6]);
    });

    it("float: the same within 1e-5", async () => {
      await tinymlJson(folder, "export", "clouds.tflite", "--template", "stdio", "--out", "stdio-float");
      runTool("sh", ["-c", 'cc "$0"/*.c -lm -o "$0/program"', at("stdio-float")]);
      const input = Float32Array.from({ length: 512 }, (_, i) => ((i * 97) % 512) / 128 - 2);
      await writeFile(at("in.bin"), input);
      await tinymlJson(folder, "run", "clouds.tflite", "--input", "in.bin", "--output", "out.bin");
      const floats = (bytes: Uint8Array): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);
      const expected = floats(await readFile(at("out.bin")));
      const found = floats(runTool(at("stdio-float", "program"), [], new Uint8Array(input.buffer)));
      assert.equal(found.length, 3 * 256);
      found.forEach((value, i) => {
        assert.ok(Math.abs(value - expected[i]) <= 1e-5, `output ${i}: ${value}, not ${expected[i]}`);
      });
    });

    it("of another tool's model: what TFLM's reference kernels computed", async function () {
      await writeFile(at("sine.tflite"), sharedModel(this, "hello_world_int8.tflite"));
      const input = sharedModel(this, "golden/hello_world_int8.inputs.bin");
      const output = await compare("sine.tflite", "stdio-sine", input);
      assert.deepEqual(
        new Uint8Array(output),
        new Uint8Array(sharedModel(this, "golden/hello_world_int8.outputs.bin")),
      );
    });

    it("--json prints what docs/cli.md says, and needs no board", async () => {
      const report = await tinymlJson(folder, "export", "pot.tflite", "--template", "stdio", "--out", "stdio-json");
      const { out, files, ...others } = report;
      assert.deepEqual(others, { template: "stdio" });
      assert.equal(out, "stdio-json");
      assert.ok(Array.isArray(files) && files.includes("main.c"));
      const written = (await readdir(at("stdio-json"))).filter((file) => !file.startsWith("."));
      assert.deepEqual(written.sort(), [...files].sort());
    });
  });

  describe("--template arduino", () => {
    it("is the default; --json prints what docs/cli.md says", async () => {
      const report = await tinymlJson(folder, "export", "pot.int8.tflite", "--board", "uno", "--out", "lamp");
      assert.deepEqual(Object.keys(report), ["out", "files", "template", "board", "flashBytes", "ramBytes"]);
      const { files } = report;
      assert.ok(Array.isArray(files) && files.includes("lamp.ino"));
      const written = (await readdir(at("lamp"))).filter((file) => !file.startsWith("."));
      assert.deepEqual(written.sort(), [...files].sort());
      assert.ok(Number.isInteger(report.flashBytes) && Number.isInteger(report.ramBytes));
    });

    for (const [out, ino, advice] of [
      ["LED-lamp_2.0", "LED-lamp_2.0.ino", undefined],
      ["2nd", "2nd.ino", undefined],
      ["Lämpchen 1", "Lampchen_1.ino", "once its folder is called Lampchen_1"],
    ] as const) {
      it(`the sketch of the folder "${out}" is ${ino}`, async () => {
        const { status, stdout, stderr } = await tinyml(
          folder,
          ...["export", "pot.int8.tflite", "--board", "uno", "--out", out],
        );
        assert.deepEqual([status, stderr], [0, ""]);
        assert.match(stdout, /about \d+ of 32256 bytes of flash and \d+ of 2048 bytes of RAM on the Arduino Uno/);
        assert.equal(/once its folder is called \w+/.exec(stdout)?.[0], advice);
        const inos = (await readdir(at(out))).filter((file) => file.endsWith(".ino"));
        assert.deepEqual(inos, [ino]);
      });
    }

    it("a model that was trained on a CSV file gets its ranges here", async () => {
      const args = ["export", "csv.int8.tflite", "--board", "uno", "--out", "from-csv"];
      const refused = await tinyml(folder, ...args);
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /^TINYML_NO_SCALING: .*--input-range/);
      await tinymlJson(folder, ...args, "--input-range", "0,1", "--target-range=0,1");
      const fromDataset = await readFile(at("lamp", "lamp.ino"), "utf8");
      const fromCsv = await readFile(at("from-csv", "from-csv.ino"), "utf8");
      assert.equal(fromCsv.replaceAll(/csv/g, "pot"), fromDataset);
    });
  });

  describe("into a folder with files", () => {
    const exportTo = (out: string, ...more: string[]) =>
      tinyml(folder, "export", "pot.int8.tflite", "--template", "stdio", "--out", out, ...more);

    it("writes its own files again, and removes those that it no longer needs", async () => {
      await tinymlJson(folder, "export", "clouds.int8.tflite", "--template", "stdio", "--out", "again");
      assert.ok((await readdir(at("again"))).includes("int8_activation.c"));
      assert.equal((await exportTo("again")).status, 0);
      assert.ok(!(await readdir(at("again"))).includes("int8_activation.c"));
    });

    it("leaves files alone that it doesn't need", async () => {
      await exportTo("mixed");
      await writeFile(at("mixed", "notes.txt"), "mine");
      assert.equal((await exportTo("mixed")).status, 0);
      assert.equal(await readFile(at("mixed", "notes.txt"), "utf8"), "mine");
    });

    it("refuses to overwrite a file of another hand, and writes nothing then; --force does it", async () => {
      await exportTo("edited");
      const before = await readFile(at("edited", "tinyml_model.c"), "utf8");
      await writeFile(at("edited", "main.c"), "int main(void) { return 0; }\n");
      const { status, stdout, stderr } = await exportTo("edited", "--json");
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(stderr, /^TINYML_WOULD_OVERWRITE: .*main\.c .*--force/);
      assert.equal(await readFile(at("edited", "tinyml_model.c"), "utf8"), before);
      assert.equal((await exportTo("edited", "--force")).status, 0);
      assert.match(await readFile(at("edited", "main.c"), "utf8"), /tinyml_model_run/);
    });
  });

  describe("--template forwarder", () => {
    it("writes a sketch named after its folder, and needs no model", async () => {
      const args = ["export", "--template", "forwarder", "--board", "uno", "--channels", "2", "--rate", "50"];
      const report = await tinymlJson(folder, ...args, "--out", "forward");
      const files = ["forward.ino"];
      assert.deepEqual(report, { out: "forward", files, template: "forwarder", board: "uno" });
      assert.match(await readFile(at("forward", "forward.ino"), "utf8"), /50 lines a second at 115200 baud/);
      const { status, stdout } = await tinyml(folder, ...args, "--out", "forward");
      assert.deepEqual([status, stdout], [0, "forward: forward.ino for the Arduino Uno\n"]);
    });

    const base = ["export", "--template", "forwarder", "--board", "uno", "--out", "refused"];
    const refused: [args: string[], status: number, message: RegExp][] = [
      [[...base, "--channels", "6", "--rate", "1000"], 1, /^TINYML_CONFIG_INVALID: .*Set 500000 baud/],
      [[...base, "--measure", "imu"], 1, /^TINYML_CONFIG_INVALID: .*no motion sensor/],
      [[...base, "--rate", "often"], 2, /--rate takes a number/],
      [[...base, "pot.int8.tflite"], 2, /No file is needed here/],
      [[...base, "--input-range", "0,1"], 2, /--input-range does not belong to --template forwarder/],
      [["export", "--template", "forwarder", "--board", "cray", "--out", "refused"], 1, /^TINYML_UNKNOWN_BOARD/],
      [
        ["export", "pot.int8.tflite", "--board", "uno", "--out", "refused", "--baud", "9600"],
        2,
        /--baud belongs to --template forwarder/,
      ],
    ];
    for (const [args, expected, message] of refused) {
      it(`tinyml ${args.join(" ")}: ${message.source}`, async () => {
        const { status, stderr } = await tinyml(folder, ...args);
        assert.equal(status, expected);
        assert.match(stderr, message);
        assert.ok(!(await readdir(folder)).includes("refused"));
      });
    }
  });
});
