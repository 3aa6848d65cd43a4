import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { linkPackage, type RunningNodeRed, startNodeRed } from "../../build/node-red";
import { makeGpioStandIns } from "../hardware/support/gpio-tools";
import { temporaryFolder } from "../support/folders";

/** Opens files until there is no more room but for some, and goes on with the message. */
const exhaust = `
const held = [];
try { for (;;) held.push(fs.openSync("/dev/null")); } catch (error) { msg.limit = error.code; }
for (let i = 0; i < Number(msg.req.query.spare); i++) fs.closeSync(held.pop());
flow.set("held", held);
msg.payload = 1;
return msg;`;

/** Closes them, and answers with what the pin said. */
const release = `
for (const file of flow.get("held")) fs.closeSync(file);
flow.set("held", []);
msg.payload = { limit: msg.limit, code: msg.error?.code, message: msg.error?.message };
return msg;`;

describe("a Node-RED that can open no more files", function () {
  this.timeout(60_000);
  let nodeRed: RunningNodeRed;

  before(async function () {
    if (process.platform === "win32") this.skip();
    const folder = await temporaryFolder();
    const tools = await makeGpioStandIns(path.join(folder, "bin"), 2);
    const limitedNode = path.join(folder, "node");
    await writeFile(limitedNode, `#!/bin/sh\nulimit -n 256\nexec "${process.execPath}" "$@"\n`);
    await chmod(limitedNode, 0o755);
    const userFolder = path.join(folder, "user");
    await linkPackage(userFolder);
    const place = { z: "tab", x: 0, y: 0 };
    const libs = [{ var: "fs", module: "fs" }];
    nodeRed = await startNodeRed({
      userFolder,
      nodePath: limitedNode,
      // What has no place is taken for a configuration node, and catches nothing.
      flows: [
        { id: "tab", type: "tab", label: "relay" },
        { id: "in", ...place, type: "http in", url: "/relay", method: "get", wires: [["exhaust"]] },
        { id: "exhaust", ...place, type: "function", func: exhaust, libs, outputs: 1, wires: [["relay"]] },
        {
          ...{ id: "relay", ...place, type: "tinyml-output", driver: "gpio", pin: 17, low: 0, high: 1 },
          ...{ toolPath: tools.path, wires: [["release"]] },
        },
        { id: "catch", ...place, type: "catch", scope: ["relay"], wires: [["release"]] },
        { id: "release", ...place, type: "function", func: release, libs, outputs: 1, wires: [["answer"]] },
        { id: "answer", ...place, type: "http response", wires: [] },
      ],
    });
  });

  after(() => nodeRed?.stop());

  const setRelay = async (spare: number): Promise<{ limit: string; code?: string; message?: string }> => {
    const response = await fetch(new URL(`relay?spare=${spare}`, nodeRed.url), { signal: AbortSignal.timeout(10_000) });
    return (await response.json()) as { limit: string; code?: string; message?: string };
  };

  // Of a tool's three pipes each takes two, and one more pipe tells how its start went: it is refused at another one each time.
  for (const spare of [0, 2, 4, 6]) {
    it(`says that a pin's tool can't be started, with room for ${spare}, and goes on`, async () => {
      const { limit, code, message } = await setRelay(spare);
      assert.deepEqual([limit, code], ["EMFILE", "TINYML_HARDWARE_FAILED"]);
      assert.match(message ?? "", /gpiodetect can't be started \(EMFILE\)\. Too many files are open: close some/);
    });
  }

  it("sets the pin as soon as there is room", async () => {
    assert.equal((await setRelay(100)).code, undefined);
    assert.doesNotMatch(nodeRed.log(), /uncaught|unhandled/i);
  });
});
