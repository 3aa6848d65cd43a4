import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { linkPackage } from "../../build/node-red";
import { writeTflite } from "../../src/tflite/write-tflite";
import { type Editor, openEditor } from "../support/editor";
import { temporaryFolder } from "../support/folders";
import { chromiumPath, nodeRedVersions, skipUnlessThere } from "../support/machine";
import { quantizeRandomly, randomNetwork } from "../support/models";

const node = { z: "tab", type: "tinyml-predict", name: "", x: 150, wires: [[]] };
const network = randomNetwork({
  inputs: 3,
  layers: [
    { units: 8, activation: "RELU" },
    { units: 2, activation: "SOFTMAX" },
  ],
  labels: ["still", "moving"],
  name: "movement",
});

for (const version of nodeRedVersions) {
  describe(`editor: the model in predict's dialog, ${version.name}`, function () {
    this.timeout(120_000);
    let editor: Editor;

    before(async function () {
      skipUnlessThere(this, version.nodePath, version.nodeRedPath, chromiumPath);
      const userFolder = await temporaryFolder();
      await linkPackage(userFolder);
      const models = join(userFolder, "tinyml", "models", "movement");
      await mkdir(models, { recursive: true });
      await writeFile(join(models, "model.tflite"), writeTflite(network));
      await writeFile(join(userFolder, "small.tflite"), writeTflite(quantizeRandomly(network)));
      editor = await openEditor(version, {
        userFolder,
        flows: [
          { id: "tab", type: "tab", label: "Flow" },
          { ...node, id: "stored", y: 100, source: "stored", model: "movement", file: "" },
          { ...node, id: "file", y: 200, source: "file", model: "", file: "small.tflite" },
          { ...node, id: "message", y: 300, source: "message", model: "", file: "" },
          // As the first version stored it.
          { ...node, id: "old", y: 400, model: "movement" },
        ],
      });
      await editor.status("file").filter({ hasText: "movement" }).waitFor();
    });

    after(async () => {
      await editor?.close();
    });

    afterEach(() => assert.deepEqual(editor.problems, []));

    const facts = async (dialog: Locator): Promise<string[]> => {
      await dialog.locator(".tinyml-facts > div").first().waitFor();
      return dialog.locator(".tinyml-facts > div").allTextContents();
    };

    for (const id of ["stored", "old"]) {
      it(`shows the stored model that is chosen (${id})`, async () => {
        const dialog = await editor.openDialog(id);
        assert.equal(await dialog.locator("#node-input-source").inputValue(), "stored");
        const shown = await facts(dialog);
        assert.ok(shown.includes("Takes3 numbers – input, float32 [1, 3]"), shown.join("\n"));
        assert.ok(shown.includes("Labelsstill, moving"), shown.join("\n"));
        assert.ok(shown.includes("Work40 multiplications (MACs) each time"), shown.join("\n"));
        assert.deepEqual(await dialog.locator(".tinyml-rows").first().locator("div").allTextContents(), [
          "2 × FULLY_CONNECTED40 MACs",
          "1 × SOFTMAX",
        ]);
        await dialog.locator("#node-input-model").fill("nobody-trained-this");
        await dialog.locator("#node-input-model").blur();
        await dialog.getByText('There is no model "nobody-trained-this" yet').waitFor();
        await editor.closeDialog("cancel");
      });
    }

    it("shows the model in use of a file, with its scales and its steps", async () => {
      const dialog = await editor.openDialog("file");
      const shown = await facts(dialog);
      assert.match(
        shown.join("\n"),
        /^Takes3 numbers from -?[\d.]+ to -?[\d.]+ – input, int8 \[1, 3\], scale 0\.\d+, zero point -?\d+$/m,
      );
      await dialog.locator("#tinyml-predict-model .tinyml-graph summary").click();
      await dialog.getByText("3. SOFTMAX → [1, 2]").waitFor();
      await editor.closeDialog("cancel");
    });

    it("says what to do where there is no model, and asks for what the choice needs", async () => {
      const dialog = await editor.openDialog("message");
      await dialog.getByText("A model that the node got in a message is shown here").waitFor();
      assert.equal(await dialog.locator("#node-input-file").isVisible(), false);
      await dialog.locator("#node-input-source").selectOption("file");
      assert.equal(await dialog.locator("#node-input-file").isVisible(), true);
      await dialog.getByText("Deploy to see what is in the file").waitFor();
      await editor.closeDialog("done");
      assert.equal(await editor.page.evaluate('RED.nodes.node("message").valid'), false);
    });

    it("gives the node a second output for Home Assistant, and asks for a topic", async () => {
      const dialog = await editor.openDialog("message");
      assert.equal(await dialog.locator("#node-input-majority").inputValue(), "1");
      assert.equal(await dialog.locator("#node-input-homeAssistant").isVisible(), false);
      await dialog.locator("#tinyml-predict-home-assistant > summary").click();
      assert.equal(await dialog.locator("#node-input-stateTopic").isVisible(), false);
      await dialog.locator("#node-input-homeAssistant").check();
      await dialog.locator("#node-input-stateTopic").fill("tinyml/#");
      await dialog.locator("#node-input-source").selectOption("message");
      await editor.closeDialog("done");
      const node = (property: string) => editor.page.evaluate(`RED.nodes.node("message").${property}`);
      assert.deepEqual([await node("outputs"), await node("valid")], [2, false]);
      const again = await editor.openDialog("message");
      await again.locator("#node-input-stateTopic").fill("tinyml/movement");
      await editor.closeDialog("done");
      assert.deepEqual([await node("outputs"), await node("valid")], [2, true]);
    });

    it("has room in 180 pixels", async () => {
      const dialog = await editor.openDialog("file");
      await facts(dialog);
      await dialog.locator("#tinyml-predict-model .tinyml-graph summary").click();
      const wider = await dialog.locator("#tinyml-predict-model").evaluate((element) => {
        element.style.width = "180px";
        return [...element.querySelectorAll("*")]
          .filter((part) => part.getBoundingClientRect().right > element.getBoundingClientRect().right + 1)
          .map((part) => part.textContent);
      });
      assert.deepEqual(wider, [], "cut off");
      await editor.closeDialog("cancel");
    });
  });
}
