import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { readNote, writeOwnFiles } from "../src/own-files";
import { temporaryFolder } from "./support/folders";

describe("writeOwnFiles", () => {
  const manifest = ".tinyml-flows.json";
  let folder: string;
  const text = (file: string): Promise<string> => readFile(join(folder, file), "utf8");
  const files = async (): Promise<string[]> => (await readdir(folder)).filter((file) => file !== manifest).sort();
  const write = (contents: Record<string, string | Uint8Array>, force = false) =>
    writeOwnFiles(folder, contents, { force });
  const refused = { code: "TINYML_WOULD_OVERWRITE" };

  beforeEach(async () => {
    folder = join(await temporaryFolder(), "new", "folder");
  });

  it("makes the folder and writes texts and bytes", async () => {
    await write({ "a.c": "int a;\n", "b.bin": Uint8Array.of(1, 2, 255) });
    assert.deepEqual(await files(), ["a.c", "b.bin"]);
    assert.equal(await text("a.c"), "int a;\n");
    assert.deepEqual([...(await readFile(join(folder, "b.bin")))], [1, 2, 255]);
  });

  it("overwrites what it wrote, and removes what is no longer wanted", async () => {
    await write({ a: "1", b: "1" });
    await write({ a: "2", c: "2" });
    assert.deepEqual(await files(), ["a", "c"]);
    assert.deepEqual([await text("a"), await text("c")], ["2", "2"]);
  });

  it("leaves alone what it neither wrote nor has to write", async () => {
    await write({ a: "1" });
    await writeFile(join(folder, "notes"), "mine");
    await write({ b: "2" });
    assert.deepEqual(await files(), ["b", "notes"]);
    assert.equal(await text("notes"), "mine");
  });

  it("keeps a file that was edited, even when it is no longer wanted", async () => {
    await write({ a: "1", b: "1" });
    await writeFile(join(folder, "b"), "edited");
    await write({ a: "2" });
    assert.equal(await text("b"), "edited");
  });

  for (const [what, prepare] of [
    ["made by hand", () => mkdir(folder, { recursive: true }).then(() => writeFile(join(folder, "b"), "mine"))],
    ["edited", () => write({ a: "1", b: "1" }).then(() => writeFile(join(folder, "b"), "mine"))],
    [
      "edited, the manifest damaged",
      () => write({ a: "1", b: "1" }).then(() => writeFile(join(folder, manifest), "{ half")),
    ],
    ["edited, the manifest no manifest", () => write({ b: "1" }).then(() => writeFile(join(folder, manifest), "[]"))],
  ] as const) {
    it(`refuses a file that was ${what}, before it writes anything; force writes it`, async () => {
      await prepare();
      await writeFile(join(folder, "b"), "mine");
      const before = await Promise.all((await readdir(folder)).map(async (file) => [file, await text(file)]));
      await assert.rejects(write({ a: "2", b: "2", c: "2" }), refused);
      const after = await Promise.all((await readdir(folder)).map(async (file) => [file, await text(file)]));
      assert.deepEqual(after, before);
      await write({ a: "2", b: "2", c: "2" }, true);
      assert.deepEqual(await Promise.all(["a", "b", "c"].map(text)), ["2", "2", "2"]);
    });
  }

  it("a file of another hand that is as it shall be is no obstacle, and ours from then on", async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "a"), "1");
    await write({ a: "1" });
    await write({ a: "2" });
    assert.equal(await text("a"), "2");
  });

  it("a crash between two files leaves both their contents known as ours", async () => {
    await write({ a: "old", b: "old" });
    // What a crash in between leaves: the manifest that is written first, and some of the files.
    const before = await text(manifest);
    await write({ a: "new", b: "new" });
    const { files: after } = JSON.parse(await text(manifest));
    const both = JSON.parse(before).files;
    for (const [file, digests] of Object.entries(after)) both[file] = [...both[file], ...Array.from(Object(digests))];
    await writeFile(join(folder, manifest), JSON.stringify({ files: both }));
    await writeFile(join(folder, "b"), "old");
    await write({ a: "newer", b: "newer" });
    assert.deepEqual([await text("a"), await text("b")], ["newer", "newer"]);
  });

  it("keeps a note", async () => {
    assert.equal(await readNote(folder), undefined);
    await writeOwnFiles(folder, { a: "1" }, { force: false, note: { name: "pot", written: 5 } });
    assert.deepEqual(await readNote(folder), { name: "pot", written: 5 });
    await writeFile(join(folder, manifest), "damaged");
    assert.equal(await readNote(folder), undefined);
  });

  for (const name of ["../mine", "..", ".", "", "sub/../../mine", "sub\\..\\mine", "c:mine", "mine\0"]) {
    it(`trusts no manifest with the name ${JSON.stringify(name)}, and deletes nothing outside`, async () => {
      await write({ a: "1" });
      await writeFile(join(folder, "..", "mine"), "mine");
      const known = JSON.parse(await text(manifest)).files;
      const digest = createHash("sha256").update("mine").digest("hex");
      await writeFile(join(folder, manifest), JSON.stringify({ files: { ...known, [name]: [digest] } }));
      await assert.rejects(write({ a: "2" }), refused);
      await write({ a: "2" }, true);
      assert.equal(await readFile(join(folder, "..", "mine"), "utf8"), "mine");
    });
  }

  it("trusts no manifest whose digests are no texts; names of Object's own are names like others", async () => {
    await write({ a: "1" });
    await writeFile(join(folder, manifest), JSON.stringify({ files: { a: [1] } }));
    await assert.rejects(write({ a: "2" }), refused);
    await writeFile(join(folder, "constructor"), "1");
    await write({ a: "1" });
    await writeFile(join(folder, manifest), JSON.stringify({ files: { constructor: ["x"] } }));
    await write({ b: "2" });
    await assert.rejects(write({ constructor: "2" }), refused);
  });

  it("a folder where a file shall be: TINYML_STORAGE or TINYML_WOULD_OVERWRITE, never an unknown error", async () => {
    await mkdir(join(folder, "a"), { recursive: true });
    await assert.rejects(write({ a: "1" }), { code: "TINYML_STORAGE" });
    await assert.rejects(write({ a: "1" }, true), { code: "TINYML_STORAGE" });
  });

  it("a file where the folder shall be: TINYML_STORAGE", async () => {
    await mkdir(join(folder, ".."), { recursive: true });
    await writeFile(folder, "a file");
    await assert.rejects(write({ a: "1" }), { code: "TINYML_STORAGE" });
  });

  it("a link to a file elsewhere is replaced only with force, and what it leads to stays", async function () {
    if (process.platform === "win32") this.skip();
    await mkdir(folder, { recursive: true });
    const elsewhere = join(folder, "..", "elsewhere");
    await writeFile(elsewhere, "mine");
    await symlink(elsewhere, join(folder, "a"));
    await assert.rejects(write({ a: "1" }), refused);
    await write({ a: "1" }, true);
    assert.equal(await readFile(elsewhere, "utf8"), "mine");
    assert.equal(await text("a"), "1");
  });

  it("never loses what others wrote, whatever they do in between", async () => {
    const name = fc.constantFrom("a", "b", "c");
    const contents = fc.dictionary(name, fc.constantFrom("1", "2", "3"));
    const step = fc.oneof(
      fc.record({ kind: fc.constant("write" as const), contents }),
      fc.record({ kind: fc.constant("edit" as const), file: name, content: fc.constantFrom("x", "y") }),
      fc.record({ kind: fc.constant("delete" as const), file: name }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        folder = await temporaryFolder();
        const foreign = new Map<string, string>();
        for (const { kind, ...rest } of steps) {
          if (kind === "write" && "contents" in rest) {
            const wanted = rest.contents;
            const blocked = [...foreign].some(([file]) => Object.hasOwn(wanted, file));
            if (blocked) await assert.rejects(write(wanted), refused);
            else await write(wanted);
            if (!blocked) for (const [file, content] of Object.entries(wanted)) assert.equal(await text(file), content);
          } else if (kind === "edit" && "content" in rest) {
            await writeFile(join(folder, rest.file), rest.content);
            foreign.set(rest.file, rest.content);
          } else if ("file" in rest) {
            await rm(join(folder, rest.file), { force: true });
            foreign.delete(rest.file);
          }
          for (const [file, content] of foreign) assert.equal(await text(file), content);
        }
      }),
      { numRuns: 40 },
    );
  });
});
