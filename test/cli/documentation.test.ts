import assert from "node:assert/strict";
import { copyFile, cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { packagePath } from "../../build/package-files";
import { createWorkshop, tinyml } from "./support/tinyml";

describe("the commands in the documentation", function () {
  this.timeout(120_000);

  for (const file of ["README.md", "docs/cli.md"]) {
    it(`of ${file} do what they say, as they are printed`, async () => {
      const folder = await createWorkshop();
      await cp(packagePath("examples"), join(folder, "examples"), { recursive: true });
      await copyFile(join(folder, "pot.csv"), join(folder, "readings.csv"));
      const text = await readFile(packagePath(file), "utf8");
      const commands = [...text.matchAll(/^npx tinyml (.+)$/gm)].map(([, args]) => args);
      assert.ok(commands.length >= 4);
      for (const command of commands) {
        const { status, stderr } = await tinyml(folder, ...command.split(" "));
        assert.deepEqual([status, stderr], [0, ""], command);
      }
    });
  }
});
