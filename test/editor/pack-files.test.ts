import assert from "node:assert/strict";
import fc from "fast-check";
import { packFiles } from "../../nodes/sidebar/pack-files.editor";
import { createUnpackBudget, type NamedBytes } from "../../src/dataset/exchange/named-bytes";
import { unpack } from "../../src/dataset/exchange/unpack";
import { requireTool, runTool } from "../support/tools";

const bytesOf = async (file: File): Promise<Buffer> => Buffer.from(await file.arrayBuffer());

describe("packFiles", () => {
  it("leaves a single file as it is", () => {
    const file = new File(["x"], "a.csv");
    assert.equal(packFiles([file]), file);
  });

  it("packs several into one that the runtime unpacks, whatever their names and lengths are", async () => {
    const name = fc.stringMatching(/^[a-zäß☃𝄞 -]{1,90}$/u).map((text) => `${text}.csv`);
    const file = fc.record({ name, length: fc.integer({ min: 0, max: 1100 }) }, { noNullPrototype: true });
    const files = fc.uniqueArray(file, { minLength: 2, maxLength: 5, selector: (each) => each.name });
    await fc.assert(
      fc.asyncProperty(files, async (list) => {
        const chosen = list.map(({ name, length }) => new File([new Uint8Array(length).fill(65)], name));
        const packed = packFiles(chosen);
        const found = await unpack([{ name: packed.name, bytes: await bytesOf(packed) }], createUnpackBudget());
        const listed = found.map(({ name, bytes }: NamedBytes) => ({ name, length: bytes.length }));
        assert.deepEqual(listed, list);
        assert.ok(found.every(({ bytes }) => bytes.every((byte) => byte === 65)));
      }),
    );
  });

  it("packs as tar knows it", async function () {
    requireTool(this, "tar");
    const packed = packFiles([new File(["x,y\n"], "a.csv"), new File(["z"], `${"ü".repeat(120)}.csv`)]);
    const listing = runTool("tar", ["-tf", "-", "--quoting-style=literal"], await bytesOf(packed)).toString();
    assert.deepEqual(listing.split("\n"), ["a.csv", `${"ü".repeat(120)}.csv`, ""]);
  });
});
