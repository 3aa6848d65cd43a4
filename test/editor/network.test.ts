import assert from "node:assert/strict";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { linkPackage } from "../../build/node-red";
import { type Editor, makeSteps, openEditor } from "../support/editor";
import { temporaryFolder } from "../support/folders";
import { chromiumPath, nodeRedVersions, skipUnlessThere } from "../support/machine";

/** Pictures of 8 × 8 pixels with a bright left half, right half or all of it, as IDX files. */
async function writePictures(folder: string, count: number): Promise<void> {
  const header = (...numbers: number[]) => {
    const bytes = Buffer.alloc(4 * numbers.length);
    numbers.forEach((number, index) => void bytes.writeUInt32BE(number, 4 * index));
    return bytes;
  };
  const pixels = Uint8Array.from({ length: 64 * count }, (_, index) => {
    const [picture, column] = [Math.floor(index / 64), index % 8];
    const bright = picture % 3 === 2 || (picture % 3 === 0) === column < 4;
    return (bright ? 180 : 20) + ((index * 37 + picture * 11) % 60);
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "train-images-idx3-ubyte"), Buffer.concat([header(0x803, count, 8, 8), pixels]));
  const classes = Uint8Array.from({ length: count }, (_, index) => index % 3);
  await writeFile(join(folder, "train-labels-idx1-ubyte"), Buffer.concat([header(0x801, count), classes]));
}

for (const version of nodeRedVersions) {
  // The steps of a user, each on what the ones before it left.
  describe(`editor: a network of the user's own in ${version.name}`, function () {
    this.timeout(60_000);
    let editor: Editor;
    let userFolder: string;
    let dialog: Locator;

    before(async function () {
      this.timeout(120_000);
      skipUnlessThere(this, version.nodePath, version.nodeRedPath, chromiumPath);
      userFolder = await temporaryFolder();
      await linkPackage(userFolder);
      const pictures = join(userFolder, "pictures");
      await writePictures(pictures, 90);
      const flows = [
        { id: "tab", type: "tab", label: "Flow" },
        {
          id: "halves-files",
          type: "tinyml-dataset",
          name: "halves",
          kind: "files",
          path: pictures,
          task: "classification",
        },
        // As an older version stored it.
        {
          id: "train",
          z: "tab",
          type: "tinyml-train",
          x: 420,
          y: 160,
          dataset: "halves-files",
          model: "halves",
          wires: [[]],
        },
        { id: "press", z: "tab", type: "inject", x: 180, y: 160, props: [], repeat: "", wires: [["train"]] },
      ].map((node) => (node.id === "train" ? { ...node, layers: [{ units: 6, activation: "tanh" }] } : node));
      editor = await openEditor(version, { userFolder, flows });
      dialog = await editor.openDialog("train");
    });

    makeSteps(() => editor);

    const rows = (): Locator => dialog.locator(".tinyml-layer");
    const costs = (): Promise<string[]> => dialog.locator(".tinyml-layer-cost").allTextContents();
    const add = async (type: string, settings: Readonly<Record<string, string>> = {}): Promise<void> => {
      await dialog.getByText("add a layer").click();
      const row = rows().last();
      await row.locator(".tinyml-layer-type").selectOption(type);
      for (const [name, value] of Object.entries(settings)) await row.locator(`[data-setting="${name}"]`).fill(value);
    };
    const train = async (): Promise<void> => {
      await editor.pressButton("press");
      await editor
        .status("train")
        .filter({ hasText: /^trained on 90 samples: accuracy/ })
        .waitFor();
    };
    const cards = (): Locator => editor.page.locator(".tinyml-sidebar .tinyml-card:has(.tinyml-run-line)");

    it("shows layers of older flows as dense ones, and why they do not fit to pictures", async () => {
      assert.equal(await rows().count(), 1);
      assert.equal(await rows().locator(".tinyml-layer-type").inputValue(), "dense");
      assert.equal(await rows().locator('[data-setting="units"]').inputValue(), "6");
      await dialog.locator(".tinyml-layer-problem:not(:empty)").first().waitFor();
    });

    it("layers are added, and what they give and cost is shown", async () => {
      await dialog.locator(".red-ui-editableList-item-remove").click();
      await add("conv2d", { filters: "4", kernelSize: "3" });
      await add("maxPooling2d", { poolSize: "3" });
      await add("flatten");
      await dialog.getByText("→ 3 · 51 parameters · 48 MACs").waitFor();
      assert.deepEqual(await costs(), [
        "→ 6 × 6 × 4 · 40 parameters · 1,296 MACs",
        "→ 2 × 2 × 4",
        "→ 16",
        "→ 3 · 51 parameters · 48 MACs",
      ]);
      await dialog.getByText(/^91 parameters · 1,344 MACs .* weights about 364 bytes/).waitFor();
    });

    it("a layer that does not fit is told there, as soon as it is so", async () => {
      await rows().nth(1).locator('[data-setting="poolSize"]').fill("7");
      await rows().nth(1).locator(".tinyml-layer-problem:not(:empty)").waitFor();
      assert.equal((await costs())[0], "→ 6 × 6 × 4 · 40 parameters · 1,296 MACs");
      await rows().nth(1).locator('[data-setting="poolSize"]').fill("3");
      await dialog.getByText("→ 2 × 2 × 4").waitFor();
      assert.equal(await dialog.locator(".tinyml-layer-problem:not(:empty)").count(), 0);
    });

    it("other settings of a layer open below it", async () => {
      const more = rows().first().locator(".tinyml-layer-more");
      assert.equal(await more.isVisible(), false);
      await rows().first().getByRole("button").click();
      await more.locator('[data-setting="padding"]').selectOption("same");
      await dialog.getByText("→ 8 × 8 × 4 · 40 parameters · 2,304 MACs").waitFor();
      await more.locator('[data-setting="padding"]').selectOption("valid");
      await dialog.getByText("→ 6 × 6 × 4 · 40 parameters").waitFor();
    });

    it("a board is compared", async () => {
      await dialog.locator("#node-input-board").selectOption("uno");
      await dialog.getByText(/^RAM: about \d+ of 2,048 bytes$/).waitFor();
      await dialog.getByText(/^flash: about \d+ of 32,256 bytes$/).waitFor();
    });

    it("is stored as recipes write layers, and trains", async () => {
      await dialog.locator("#node-input-epochs").fill("12");
      await dialog.locator("#node-input-learningRate").fill("0.01");
      await editor.closeDialog("done");
      assert.deepEqual(await editor.page.evaluate('RED.nodes.node("train").layers'), [
        { type: "conv2d", filters: 4, kernelSize: 3, activation: "relu" },
        { type: "maxPooling2d", poolSize: 3 },
        { type: "flatten" },
      ]);
      await editor.deploy();
      await train();
      await editor.page.evaluate('RED.actions.invoke("core:show-tinyml-tab")');
      await cards()
        .getByText(/^accuracy \d+\.\d % · validation loss/)
        .waitFor();
      assert.equal(await cards().locator("svg").count(), 2, "a curve of the loss and one of the accuracy");
    });

    it("two trainings are compared, and the model is downloaded", async () => {
      dialog = await editor.openDialog("train");
      await rows().first().locator('[data-setting="filters"]').fill("6");
      await editor.closeDialog("done");
      await editor.deploy();
      await train();
      // The status is still the one before at first.
      await cards().filter({ hasText: "best of" }).nth(1).waitFor();
      for (const card of await cards().all()) await card.getByText("compare").click();
      const comparison = editor.page.locator(".tinyml-comparison");
      await comparison.locator("tr", { hasText: /^layer 1 filters(64|46)$/ }).waitFor();
      assert.equal(await comparison.locator("svg").count(), 2);
      assert.ok((await comparison.locator("tr").allTextContents()).every((text) => !/activation|seed/.test(text)));
      const [download] = await Promise.all([
        editor.page.waitForEvent("download"),
        editor.page.locator(".tinyml-sidebar").getByRole("button", { name: "Download model" }).click(),
      ]);
      assert.equal(download.suggestedFilename(), "halves.tflite");
    });

    it("says why a model can't be downloaded", async () => {
      const model = join(userFolder, "tinyml", "models", "halves", "model.tflite");
      await rename(model, `${model}.lost`);
      await editor.page.locator(".tinyml-sidebar").getByRole("button", { name: "Download model" }).click();
      const notification = editor.page.locator(".red-ui-notification-error");
      await notification.getByText("There is no halves.tflite.").waitFor();
      assert.equal(await notification.locator(".tinyml-code").textContent(), "TINYML_FILE");
      await notification.click();
      await rename(`${model}.lost`, model);
      // The browser tells of the answer, too.
      assert.match(editor.problems.splice(0).join("\n"), /^console: .*status of 404.*\n?$/);
    });

    it("the settings of an earlier training are used again", async () => {
      dialog = await editor.openDialog("train");
      await dialog.getByText("Earlier trainings").click();
      await dialog.getByRole("button", { name: "Use its settings" }).last().click();
      assert.equal(await rows().first().locator('[data-setting="filters"]').inputValue(), "4");
      await editor.closeDialog("cancel");
    });

    it("presets fill the fields", async () => {
      dialog = await editor.openDialog("train");
      await dialog.locator("#tinyml-train-preset").selectOption("separableCnn");
      assert.equal(await rows().count(), 10);
      await dialog.locator(".tinyml-totals", { hasText: "MACs" }).waitFor();
      assert.equal(await dialog.locator(".tinyml-layer-problem:not(:empty)").count(), 0);
      await editor.closeDialog("cancel");
    });
  });
}
