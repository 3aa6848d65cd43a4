import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Locator } from "playwright-core";
import { linkPackage } from "../../build/node-red";
import { packagePath } from "../../build/package-files";
import { builtPath, findParts, kindOfPart, type Part } from "../../build/parts";
import { type Editor, openEditor } from "../support/editor";
import { temporaryFolder } from "../support/folders";
import { chromiumPath, nodeRedVersions, skipUnlessThere } from "../support/machine";

for (const version of nodeRedVersions) {
  for (const dark of [false, true]) {
    describe(`editor: dialogs in ${version.name}, ${dark ? "dark" : "light"}`, function () {
      this.timeout(180_000);
      let editor: Editor;
      let nodes: Part[];

      before(async function () {
        skipUnlessThere(this, version.nodePath, version.nodeRedPath, chromiumPath);
        nodes = await findNodes();
        const userFolder = await temporaryFolder();
        await linkPackage(userFolder);
        editor = await openEditor(version, { userFolder, dark, flows: [{ id: "tab", type: "tab", label: "Flow" }] });
      });

      after(async () => {
        await editor?.close();
      });

      it("opens without an error", () => {
        assert.deepEqual(editor.problems, []);
      });

      it("every node's dialog opens and closes without an error", async () => {
        assert.ok(nodes.length > 0);
        for (const { type } of nodes) {
          const category = await editor.page.evaluate(`RED.nodes.getType("${type}")?.category`);
          assert.ok(category !== undefined, `${type} did not reach the editor`);
          const inPalette = category !== "config";
          const id = inPalette ? await editor.dropFromPalette(type, 300, 200) : "_ADD_";
          for (const button of ["cancel", "done"] as const) {
            const dialog = inPalette ? await editor.openDialog(id) : await editor.openConfigurationDialog(type, id);
            const untranslated = await textsWithoutTranslation(dialog);
            assert.deepEqual(untranslated, [], `${type}: texts without a translation`);
            await editor.closeDialog(button);
            assert.deepEqual(editor.problems, [], `${type}, closed by ${button}`);
          }
          if (inPalette) await editor.page.keyboard.press("Delete");
        }
      });
    });
  }
}

/** The keys of texts that stand in a dialog as they are, because the catalogue lacks them. */
async function textsWithoutTranslation(dialog: Locator): Promise<string[]> {
  return dialog.locator("[data-i18n]").evaluateAll((elements) =>
    elements.flatMap((element) => {
      // "[placeholder]namespace:key" or "namespace:key"
      const [, attribute, key = ""] = /^(?:\[(.+)\])?(?:.*:)?(.*)$/.exec(element.getAttribute("data-i18n") ?? "") ?? [];
      const shown = attribute === undefined ? element.textContent : element.getAttribute(attribute);
      return shown?.trim() === key || shown?.trim() === "" ? [key] : [];
    }),
  );
}

async function findNodes(): Promise<Part[]> {
  const parts = await findParts();
  const pages = await Promise.all(parts.map((part) => readFile(packagePath(builtPath(part, "html")), "utf8")));
  return parts.filter((part, index) => kindOfPart(part, pages[index] ?? "") === "node");
}
