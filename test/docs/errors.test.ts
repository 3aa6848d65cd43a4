import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { packagePath } from "../../build/package-files";

describe("docs/errors.md", () => {
  let codes: string[];
  /** The text under each code's heading. */
  let entries: Map<string, string>;

  before(async () => {
    const source = await readFile(packagePath("src", "errors.ts"), "utf8");
    codes = [...source.matchAll(/^ {2}\| "(TINYML_\w+)"/gm)].map(([, code]) => code);
    const [, ...sections] = (await readFile(packagePath("docs", "errors.md"), "utf8")).split(/^#{2,3} /m);
    entries = new Map(
      sections
        .filter((section) => section.startsWith("TINYML_"))
        .map((section) => {
          const [heading, ...lines] = section.split("\n");
          return [heading, lines.join("\n")];
        }),
    );
  });

  it("has an entry for every code of src/errors.ts, and no other", () => {
    assert.ok(codes.length > 30);
    assert.deepEqual([...entries.keys()].sort(), [...codes].sort());
  });

  it("says of each what happened and what to do", () => {
    for (const [code, text] of entries) {
      assert.match(text, /^\*\*What happened:\*\* \S.{20}[\s\S]*^\*\*What to do:\*\* \S/m, code);
    }
  });

  it("every code is given to somebody", async () => {
    const files = await Promise.all(["src", "nodes"].map((folder) => sources(packagePath(folder))));
    const texts = await Promise.all(files.flat().map((file) => readFile(file, "utf8")));
    // A mention alone, such as a list of codes, is no use: the code must be the first argument of something.
    const used = new Set(texts.flatMap((text) => [...text.matchAll(/\(\s*"(TINYML_\w+)"/g)].map(([, code]) => code)));
    for (const text of texts) for (const [, code] of text.matchAll(/notANumber: "(TINYML_\w+)"/g)) used.add(code);
    assert.deepEqual(
      codes.filter((code) => !used.has(code)),
      [],
    );
    assert.deepEqual(
      [...used].filter((code) => !codes.includes(code)),
      [],
    );
  });
});

/** All TypeScript files of a folder. */
async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((file) => file.endsWith(".ts")).map((file) => join(folder, file));
}
