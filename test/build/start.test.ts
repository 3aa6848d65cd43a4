import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { examplePath, startNodeRed } from "../../build/node-red";
import { packagePath } from "../../build/package-files";
import { temporaryFolder } from "../support/folders";

const tab = { id: "tab", type: "tab", label: "Flow" };

describe("build: starting Node-RED", function () {
  this.timeout(60_000);

  it("listens to 127.0.0.1 only, and is gone after stop", async () => {
    const nodeRed = await startNodeRed({ userFolder: await temporaryFolder(), flows: [tab] });
    const { port } = new URL(nodeRed.url);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ address }) => address !== "127.0.0.1" && !address.startsWith("fe80"))
      .map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address));
    for (const host of [...others, "127.0.0.2"]) {
      await assert.rejects(fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(3000) }), host);
    }
    assert.ok((await fetch(nodeRed.url)).ok);
    await nodeRed.stop();
    await assert.rejects(fetch(nodeRed.url));
    assert.equal(await nodeRed.exited, 0);
  });

  it("says when the port is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await assert.rejects(startNodeRed({ userFolder: await temporaryFolder(), port, flows: [tab] }), {
      message: `Port ${port} of 127.0.0.1 is taken by another program, perhaps a Node-RED that still runs.`,
    });
    server.close();
  });

  it("fails when the flows use a type that is missing", async () => {
    const flows = [tab, { id: "a", type: "tinyml-nothing", z: "tab", x: 100, y: 100, wires: [] }];
    await assert.rejects(startNodeRed({ userFolder: await temporaryFolder(), flows }), /lacks node types/);
  });

  it("ends with the process that started it, even if that one is killed", async () => {
    const source = `require("tsx/cjs");
      const { startNodeRed } = require(${JSON.stringify(packagePath("build", "node-red.ts"))});
      startNodeRed({ userFolder: ${JSON.stringify(await temporaryFolder())}, flows: [] }).then((it) => console.log("URL " + it.url));`;
    const starter = spawn(process.execPath, ["-e", source], {
      cwd: packagePath(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [, url = ""] = await printed(starter, /URL (\S+)/);
    assert.ok((await fetch(url)).ok);
    starter.kill("SIGKILL");
    await until(async () => !(await isReachable(url)));
  });
});

describe("npm start", function () {
  this.timeout(120_000);

  it("runs the example flow, and keeps the user's changes at the next start", async () => {
    const userFolder = await temporaryFolder();
    const flowFile = join(userFolder, "flows.json");

    const first = start(userFolder);
    const [, url = ""] = await printed(first, /Node-RED runs at (http:\/\/127\.0\.0\.1:\d+\/)/);
    const headers = { "Node-RED-API-Version": "v1" };
    const running = (await (await fetch(new URL("flows", url), { headers })).json()) as Array<{ id: string }>;
    const example = JSON.parse(await readFile(examplePath("Potentiometer to LED"), "utf8")) as Array<{ id: string }>;
    assert.deepEqual(running.map(({ id }) => id).sort(), example.map(({ id }) => id).sort());
    await interrupt(first);
    assert.ok(!(await isReachable(url)));

    await writeFile(flowFile, JSON.stringify([tab]));
    const second = start(userFolder);
    await printed(second, /Node-RED runs at/);
    await interrupt(second);
    assert.deepEqual(JSON.parse(await readFile(flowFile, "utf8")), [tab]);
  });

  const start = (userFolder: string): ChildProcess =>
    spawn(process.execPath, ["--require", "tsx/cjs", packagePath("build", "start.ts"), userFolder], {
      cwd: packagePath(),
      env: { ...process.env, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });

  const interrupt = async (child: ChildProcess): Promise<void> => {
    const exited = once(child, "exit");
    child.kill("SIGINT");
    assert.deepEqual(await exited, [0, null]);
  };
});

/** Waits until a process has printed what the pattern looks for. */
function printed(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const match = pattern.exec(text);
      if (match !== null) resolve(match);
    });
    child.once("exit", (code) => reject(new Error(`It ended (${code}) after printing:\n${text}`)));
  });
}

async function isReachable(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
