import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { packagePath, packageRoot } from "../../build/package-files";
import { temporaryFolder } from "../support/folders";
import { createWorkshop, type Outcome, runProcess, tinymlJson } from "./support/tinyml";

/** The machine's npm, as a user has it: node_modules/.bin has another one, a dependency of Node-RED's. */
const env = {
  ...process.env,
  PATH: (process.env.PATH ?? "")
    .split(delimiter)
    .filter((entry) => entry !== packagePath("node_modules", ".bin"))
    .join(delimiter),
  npm_config_offline: "true",
  npm_config_loglevel: "error",
};

describe("tinyml, installed", function () {
  this.timeout(120_000);
  let workshop: string;

  before(async () => {
    workshop = await createWorkshop();
    await tinymlJson(workshop, "train", "quick.json", "--data", "pot", "--out", "pot.tflite");
  });

  const trains = (run: (...args: string[]) => Promise<Outcome>) => async () => {
    const file = (name: string): string => join(workshop, name);
    const args = ["train", file("quick.json"), "--data", file("pot.csv"), "--out", file("again.tflite"), "--json"];
    const { status, stdout, stderr } = await run(...args);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(JSON.parse(stdout).out, file("again.tflite"));
    const wrong = await run("inspect");
    assert.deepEqual([wrong.status, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, /TINYML_USAGE/);
  };

  it(
    "npx tinyml trains in the clone",
    trains((...args) => runProcess("npx", ["--no", "--", "tinyml", ...args], packageRoot, env)),
  );

  describe("from the packed tarball", () => {
    let folder: string;

    before(async () => {
      folder = await temporaryFolder();
      const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
      const packed = await runProcess("npm", pack, packageRoot, env);
      const [{ filename }] = JSON.parse(packed.stdout);
      await writeFile(join(folder, "package.json"), JSON.stringify({ name: "project", private: true }));
      const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", `./${filename}`];
      const installed = await runProcess("npm", install, folder, env);
      assert.equal(installed.status, 0, installed.stderr);
    });

    it(
      "node_modules/.bin/tinyml trains",
      trains((...args) => runProcess(join(folder, "node_modules", ".bin", "tinyml"), args, folder, env)),
    );

    it(
      "npx tinyml trains",
      trains((...args) => runProcess("npx", ["--no", "--", "tinyml", ...args], folder, env)),
    );

    it("exports, for it has the kernels' sources", async () => {
      const out = join(workshop, "from-package");
      const args = ["export", join(workshop, "pot.tflite"), "--template", "stdio", "--out", out];
      const { status, stderr } = await runProcess(join(folder, "node_modules", ".bin", "tinyml"), args, folder, env);
      assert.deepEqual([status, stderr], [0, ""]);
    });
  });
});
