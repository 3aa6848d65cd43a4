import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { assertName, syncFolder, toStorageError, writeFileAtomic } from "../src/storage";

describe("storage", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tinyml-storage-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  describe("assertName", () => {
    it("takes what people call things", () => {
      for (const name of ["pot", "My dataset 2", "Übung-1", "温度", "a.b_c", "room (north)", "x".repeat(100)]) {
        assert.equal(assertName(name), name);
      }
    });

    it("refuses what is more than a file name, and says why", () => {
      const refused: unknown[] = [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "c:",
        "a\0b",
        "a\nb",
        ".hidden",
        "dot.",
        " x",
        "x ",
        "con",
      ];
      refused.push("NUL.csv", "x".repeat(101), "ü".repeat(51), "a*", "a?", undefined, null, 5, {});
      for (const name of refused) {
        assert.throws(() => assertName(name, "dataset"), {
          code: "TINYML_NAME_INVALID",
          message: /^The dataset needs/,
        });
      }
    });

    it("lets no name out of its folder", () => {
      fc.assert(
        fc.property(fc.string({ unit: fc.constantFrom(".", "/", "\\", "a", " ", "~", ":", "\0", "é") }), (name) => {
          try {
            assertName(name, "dataset");
          } catch {
            return;
          }
          assert.equal(join("/data", name), `/data/${name}`);
          assert.ok(!name.includes("/") && !name.includes("\\") && name !== "." && name !== "..");
        }),
      );
    });
  });

  describe("writeFileAtomic", () => {
    it("makes the folder, replaces the file and leaves nothing else behind", async () => {
      const path = join(folder, "a", "b", "file.json");
      await writeFileAtomic(path, "one");
      await writeFileAtomic(path, Uint8Array.of(116, 119, 111));
      assert.equal(await readFile(path, "utf8"), "two");
      assert.deepEqual(await readdir(join(folder, "a", "b")), ["file.json"]);
    });

    it("leaves one whole content when many write at once", async () => {
      const path = join(folder, "file");
      await Promise.all(Array.from({ length: 20 }, (_, i) => writeFileAtomic(path, String(i).repeat(10_000))));
      assert.match(await readFile(path, "utf8"), /^(\d+)\1*$/);
      assert.deepEqual(await readdir(folder), ["file"]);
    });

    it("is not stopped by what killed processes left, and removes it when it is old", async () => {
      const left = [`.file.${process.pid}-1.tmp`, `.file.${process.pid}-2.tmp`, `.file.${randomUUID()}.tmp`];
      const others = [".file.mine.tmp", `.file2.${randomUUID()}.tmp`, "file.tmp"];
      const young = `.file.${process.pid}-3.tmp`;
      for (const name of [...left, ...others, young]) await writeFile(join(folder, name), "part");
      const old = Date.now() / 1000 - 3600;
      for (const name of [...left, ...others]) await utimes(join(folder, name), old, old);
      for (let i = 0; i < 5; i++) await writeFileAtomic(join(folder, "file"), "whole");
      assert.deepEqual((await readdir(folder)).sort(), [...others, young, "file"].sort());
    });

    it("keeps the old file when the new one can't be put in its place", async () => {
      await mkdir(join(folder, "taken", "inside"), { recursive: true });
      await assert.rejects(writeFileAtomic(join(folder, "taken"), "x"), { code: "TINYML_STORAGE" });
      assert.deepEqual(await readdir(folder), ["taken"]);
      await writeFile(join(folder, "file"), "");
      await assert.rejects(writeFileAtomic(join(folder, "file", "below"), "x"), { code: "TINYML_STORAGE" });
    });

    it("says that permission is missing", async function () {
      if (process.getuid?.() === 0) return this.skip();
      await chmod(folder, 0o500);
      await assert.rejects(writeFileAtomic(join(folder, "x"), ""), { code: "TINYML_STORAGE", message: /permission/ });
    });
  });

  it("syncFolder tells when the folder is gone", async () => {
    await syncFolder(folder);
    await assert.rejects(syncFolder(join(folder, "gone")), { code: "ENOENT" });
  });

  it("toStorageError gives every failure a code and says what to do", () => {
    const failure = (code: string): Error => Object.assign(new Error(`${code}: it failed`), { code });
    for (const code of ["ENOSPC", "EDQUOT", "EFBIG"]) {
      const error = toStorageError(failure(code), "the dataset pot");
      assert.equal(error.code, "TINYML_DISK_FULL");
      assert.match(error.message, /the dataset pot could not be saved. Free some space/);
    }
    for (const code of ["EACCES", "EPERM", "EROFS", "EMFILE", "ENFILE", "EIO", "EXYZ"]) {
      const error = toStorageError(failure(code), "the dataset pot");
      assert.equal(error.code, "TINYML_STORAGE");
      assert.match(error.message, /the dataset pot/);
      assert.ok(error.cause instanceof Error);
    }
    assert.equal(toStorageError("thrown text", "x").code, "TINYML_STORAGE");
    const ours = toStorageError(failure("ENOSPC"), "x");
    assert.equal(toStorageError(ours, "y"), ours);
  });
});
