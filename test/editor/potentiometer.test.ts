import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { examplePath, linkPackage } from "../../build/node-red";
import { type Editor, makeSteps, openEditor } from "../support/editor";
import { temporaryFolder } from "../support/folders";
import { chromiumPath, nodeRedVersions, skipUnlessThere } from "../support/machine";

/** So many that the training is under way for as long as somebody looks. */
const manyEpochs = 200_000;

for (const version of nodeRedVersions) {
  // The steps of a user, each on what the ones before it left.
  describe(`editor: Potentiometer to LED in ${version.name}`, function () {
    this.timeout(60_000);
    let editor: Editor;
    let storage: string;

    before(async function () {
      this.timeout(120_000);
      skipUnlessThere(this, version.nodePath, version.nodeRedPath, chromiumPath);
      const userFolder = await temporaryFolder();
      storage = join(userFolder, "tinyml");
      await linkPackage(userFolder);
      const flows: object[] = JSON.parse(await readFile(examplePath("Potentiometer to LED"), "utf8"));
      editor = await openEditor(version, { userFolder, flows });
    });

    makeSteps(() => editor);

    const press = (button: string): Promise<void> => editor.pressButton(`tinyml-press-${button}`);

    /** Waits until the status below a node is as it should be, and returns it. */
    const status = async (node: string, wanted: RegExp): Promise<string> => {
      const label = editor.status(node);
      let text = "";
      await until(async () => {
        // A status without a text has no element.
        text = (await label.count()) === 0 ? "" : ((await label.textContent()) ?? "");
        return wanted.test(text);
      }).catch(() => assert.match(text, wanted, `the status of ${node} is "${text}", not ${wanted}`));
      return text;
    };

    const setEpochs = async (epochs: number): Promise<void> => {
      const dialog = await editor.openDialog("tinyml-train");
      await dialog.locator("#node-input-epochs").fill(String(epochs));
      await editor.closeDialog("done");
      await editor.deploy();
    };

    const newestRun = (): Locator => editor.page.locator(".tinyml-sidebar .tinyml-card:has(.tinyml-run-line)").first();

    it("shows values as soon as it is open", async () => {
      const first = await status("tinyml-potentiometer", /^[01](\.\d+)?$/);
      await until(async () => (await status("tinyml-potentiometer", /\d/)) !== first);
      await status("tinyml-predict", /^waiting for a model$/);
      await status("tinyml-led", /^ready$/);
      await status("tinyml-record", /^ready$/);
    });

    it("record writes 1,000 readings", async () => {
      await press("record");
      await status("tinyml-record", /^recording \d+ \/ 1000$/);
      await status("tinyml-record", /^recorded 1000 \(1000 in all\)$/);
      await editor.page.evaluate('RED.actions.invoke("core:show-tinyml-tab")');
      const dataset = editor.page.locator(".tinyml-sidebar .tinyml-card", { hasText: "potentiometer" });
      await dataset.getByText("1000 samples").waitFor();
    });

    it("train draws the curve while it runs, in the dialog and in the sidebar, and stops when told to", async () => {
      await setEpochs(manyEpochs);
      await press("train");
      await status("tinyml-train", /^epoch \d+\/200000 loss 0\.\d+$/);
      const dialog = await editor.openDialog("tinyml-train");
      for (const place of [dialog.locator("#tinyml-train-curve"), newestRun()]) {
        const texts = await place.locator("svg text").allTextContents();
        for (const text of ["epoch", "loss", "training", "validation"]) assert.ok(texts.includes(text), texts.join());
        assert.ok(texts.filter((text) => Number(text) > 0 && Number(text) < 1).length >= 2, "numbers at the loss axis");
        await assertInside(place.locator("svg"), "text");
        for (const line of ["training", "validation"]) {
          // Not the dash of the legend, which is no line from point to point.
          const path = place.locator(`path.tinyml-curve-${line}[d*="L"]`);
          const before = await path.getAttribute("d");
          await until(async () => (await path.getAttribute("d")) !== before);
          const width = (await place.locator("svg").boundingBox())?.width ?? 0;
          assert.ok((await reach(path)) > width / 3, "the curve is no sliver, however far off the last epoch is");
        }
      }
      await dialog.getByRole("button", { name: "Stop" }).click();
      await dialog.getByText(/^stopped after epoch \d+$/).waitFor();
      await editor.closeDialog("cancel");
      await status("tinyml-train", /^stopped after epoch \d+$/);
      await status("tinyml-predict", /^waiting for a model$/);

      await press("train");
      await newestRun().getByRole("button", { name: "Stop" }).click();
      await newestRun()
        .getByText(/^stopped after epoch \d+$/)
        .waitFor();
      assert.deepEqual(await readdir(join(storage, "models")).catch(() => []), []);
    });

    it("deploying stops a training, and the next one works", async () => {
      await press("train");
      await status("tinyml-train", /^epoch \d+\/200000/);
      await setEpochs(500);
      await status("tinyml-train", /^stopped after epoch \d+$/);
      await newestRun()
        .getByText(/^stopped after epoch \d+$/)
        .waitFor();
      await press("train");
      const text = await status("tinyml-train", /^trained on \d+ samples: validation loss 0\.\d+$/);
      assert.ok(Number(text.split(" ").at(-1)) < 0.0035, text);
      await newestRun()
        .getByText(/^validation loss 0\.\d+ · best of 500 epochs/)
        .waitFor();
    });

    it("the LED follows the potentiometer", async () => {
      await status("tinyml-predict", /^potentiometer: -?[01]/);
      const brightness = async (): Promise<string> => status("tinyml-led", /^[█░]{10} \d+ %$/);
      const first = await brightness();
      await until(async () => (await brightness()) !== first);
    });

    it("quantize makes the model smaller", async () => {
      await press("quantize");
      const text = await status("tinyml-quantize", /^weights: \d+ → \d+ bytes$/);
      const [before = 0, after = 0] = text.match(/\d+/g)?.map(Number) ?? [];
      assert.ok(after < before / 2, text);
    });

    it("export writes the sketch, and its zip can be downloaded", async () => {
      await press("export");
      const size = await status("tinyml-export", /^flash \d+, RAM \d+ bytes$/);
      const zip = join(storage, "sketches", "potentiometer.zip");
      await until(async () => (await stat(zip).catch(() => undefined)) !== undefined);
      assert.ok((await readdir(join(storage, "sketches", "potentiometer"))).includes("potentiometer.ino"));

      const dialog = await editor.openDialog("tinyml-export");
      await dialog.getByText(size, { exact: true }).waitFor();
      const [download] = await Promise.all([
        editor.page.waitForEvent("download"),
        dialog.getByRole("button", { name: "potentiometer.zip" }).click(),
      ]);
      assert.equal(download.suggestedFilename(), "potentiometer.zip");
      assert.deepEqual(await readFile(await download.path()), await readFile(zip));
      await editor.closeDialog("cancel");
    });

    it("an error says what is wrong, at the node and in the debug tab", async () => {
      const dialog = await editor.openDialog("tinyml-export");
      await dialog.locator("#node-input-model").fill("nobody-trained-this");
      await editor.closeDialog("done");
      await editor.deploy();
      await press("export");
      await status("tinyml-export", /^no model yet$/);
      await editor.page.evaluate('RED.actions.invoke("core:show-debug-tab")');
      await editor.page
        .locator(".red-ui-debug-content")
        .getByText('There is no model "nobody-trained-this" yet')
        .first()
        .waitFor();
    });
  });
}

/** How far right a curve's line goes, in pixels of its drawing. */
async function reach(path: Locator): Promise<number> {
  const line = (await path.getAttribute("d")) ?? "";
  return Number(/([\d.]+) [\d.]+$/.exec(line)?.[1] ?? 0);
}

/** Every part that the selector finds lies within the element: nothing is cut off. */
async function assertInside(element: Locator, selector: string): Promise<void> {
  const outside = await element.evaluate((outer, parts) => {
    const box = outer.getBoundingClientRect();
    return [...outer.querySelectorAll(parts)]
      .filter((part) => {
        const { left, right, top, bottom } = part.getBoundingClientRect();
        return left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1;
      })
      .map((part) => part.textContent);
  }, selector);
  assert.deepEqual(outside, [], "cut off");
}

/** Waits until a condition holds; fails after 20 seconds. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`It did not come about: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
