import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { type RunningNodeRed, startNodeRed } from "../../build/node-red";
import { packagePath, packageRoot } from "../../build/package-files";
import { findParts } from "../../build/parts";
import { listNodeSets } from "../support/admin";
import { temporaryFolder } from "../support/folders";
import { nodeRedVersions, skipUnlessThere } from "../support/machine";

const run = promisify(execFile);
const packageName = "@tinyml-flows/node-red-tinyml";

/** What the packed package may weigh. It grows with the palette; a jump means that something slipped in. */
const maximumPackedBytes = 900_000;

describe("package: installed from its tarball", function () {
  this.timeout(120_000);
  let userFolder: string;
  let installed: string;

  before(async () => {
    const folder = await temporaryFolder();
    // The build ran before the tests; --ignore-scripts keeps npm from running it again.
    const packing = await npm(packageRoot, "pack", "--ignore-scripts", "--json", "--pack-destination", folder);
    const [tarball] = JSON.parse(packing);
    console.log(
      `      packed ${tarball.size} bytes, unpacked ${tarball.unpackedSize} bytes, ${tarball.entryCount} files`,
    );
    assert.ok(tarball.size < maximumPackedBytes, `packed ${tarball.size} bytes`);

    userFolder = join(folder, "user");
    await mkdir(userFolder);
    await writeFile(join(userFolder, "package.json"), JSON.stringify({ name: "node-red-project", private: true }));
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--engine-strict"];
    await npm(userFolder, "install", ...options, join(folder, tarball.filename));
    installed = join(userFolder, "node_modules", ...packageName.split("/"));
  });

  it("holds what it needs and no sources or tests", async () => {
    for (const file of [
      "LICENSE",
      "README.md",
      "CHANGELOG.md",
      "dist/lib.js",
      "dist/shared.js",
      "dist/kernels.wasm",
      "dist/relaxed-kernels.wasm",
      "dist/training-worker.js",
    ]) {
      assert.ok(existsSync(join(installed, file)), `${file} is missing`);
    }
    for (const file of ["nodes", "test", "build", "src/model", "node_modules", ".ci", "bench"]) {
      assert.ok(!existsSync(join(installed, file)), `${file} is packed`);
    }
  });

  it("has at most six dependencies, none that needs an install script", async () => {
    const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
    assert.ok(Object.keys(manifest.dependencies ?? {}).length <= 6);
    const lock = JSON.parse(await readFile(join(userFolder, "package-lock.json"), "utf8"));
    const withScripts = Object.entries<{ hasInstallScript?: boolean }>(lock.packages)
      .filter(([path, entry]) => path !== `node_modules/${packageName}` && entry.hasInstallScript === true)
      .map(([path]) => path);
    // The port library's script only looks for a binary, and the package brings those of all usual machines.
    assert.deepEqual(withScripts, ["node_modules/@serialport/bindings-cpp"]);
    const binaries = await readdir(join(userFolder, withScripts[0], "prebuilds"));
    for (const machine of ["linux-arm", "linux-arm64", "linux-x64"]) assert.ok(binaries.includes(machine), machine);
  });

  it("its command runs", async () => {
    const { stdout } = await run(process.execPath, [join(installed, "dist", "tinyml.js"), "--help"]);
    assert.match(stdout, /tinyml/);
  });

  for (const version of nodeRedVersions) {
    describe(`in ${version.name}`, () => {
      let nodeRed: RunningNodeRed;

      before(async function () {
        skipUnlessThere(this, version.nodePath, version.nodeRedPath);
        nodeRed = await startNodeRed({
          userFolder,
          nodeRedPath: version.nodeRedPath,
          nodePath: version.nodePath,
          flows: [{ id: "tab", type: "tab", label: "Flow" }],
        });
      });

      after(async () => {
        await nodeRed?.stop();
      });

      it("every node appears, and nothing complains", async () => {
        const sets = (await listNodeSets(nodeRed.url)).filter((set) => set.module === packageName);
        const types = sets.flatMap((set) => set.types).sort();
        const parts = await findParts();
        const expected = parts.map((part) => part.type).filter((type) => type !== "tinyml-sidebar");
        assert.deepEqual(types, expected.sort());
        assert.deepEqual(
          sets.filter((set) => set.err !== undefined || !set.enabled),
          [],
        );
        assert.doesNotMatch(nodeRed.log(), /\[error\]|tinyml.*(error|missing)/i);
      });

      it("its examples are in the import menu", async () => {
        const menu = new URL(`library/examples/flows/${packageName}/`, nodeRed.url);
        const entries: unknown = await (await fetch(menu)).json();
        assert.ok(Array.isArray(entries));
        assert.ok(
          entries.every((entry: unknown) => typeof entry === "object"),
          "the menu has folders, which would hold what is no flow",
        );
        const files = entries.flatMap((entry: unknown) =>
          typeof entry === "object" && entry !== null && "fn" in entry ? [String(entry.fn)] : [],
        );
        assert.ok(files.some((file) => file.startsWith("Potentiometer to LED")));
        for (const file of files) {
          const flow: unknown = await (await fetch(new URL(encodeURIComponent(file), menu))).json();
          assert.ok(Array.isArray(flow) && flow.some(({ type }) => type === "tab"), `${file} is no flow`);
        }
      });
    });
  }
});

/** Runs the machine's npm: `npm` alone would be found first in node_modules/.bin, as a dependency of Node-RED's. */
async function npm(folder: string, ...args: string[]): Promise<string> {
  const binaries = packagePath("node_modules", ".bin");
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => entry !== binaries);
  const env = { ...process.env, PATH: path.join(delimiter) };
  const { stdout } = await run("npm", args, { cwd: folder, env, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}
