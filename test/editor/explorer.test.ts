import assert from "node:assert/strict";
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { linkPackage } from "../../build/node-red";
import { openDataset, openStoredDataset } from "../../src/dataset/open-dataset";
import { pngBytes } from "../dataset/support/pictures";
import { type Editor, makeSteps, openEditor } from "../support/editor";
import { temporaryFolder } from "../support/folders";
import { chromiumPath, nodeRedVersions, skipUnlessThere } from "../support/machine";

const many = 2000;

for (const version of nodeRedVersions) {
  // The steps of somebody who cleans up a dataset, each on what the ones before it left.
  describe(`editor: dataset explorer in ${version.name}`, function () {
    this.timeout(60_000);
    let editor: Editor;
    let folder: string;

    before(async function () {
      this.timeout(120_000);
      skipUnlessThere(this, version.nodePath, version.nodeRedPath, chromiumPath);
      const userFolder = await temporaryFolder();
      await linkPackage(userFolder);
      folder = join(userFolder, "tinyml", "datasets", "moves");
      const channels = [
        { name: "x", unit: "g" },
        { name: "spin", unit: "°/s" },
      ];
      const dataset = await openDataset(folder, {
        version: 1,
        kind: "timeseries",
        task: "classification",
        rateHz: 50,
        channels,
      });
      await dataset.addAll(
        Array.from({ length: many }, (_, i) => ({
          values: Float32Array.from({ length: 16 }, (__, j) => Math.sin(i + j) + 4 * (i % 2)),
          label: i % 2 === 0 ? "left" : "right",
        })),
      );
      await dataset.close();
      editor = await openEditor(version, { userFolder, flows: [{ id: "tab", type: "tab", label: "flow" }] });
    });

    makeSteps(() => editor);

    const sidebar = (): Locator => editor.page.locator(".tinyml-sidebar");
    const samples = (): Locator => sidebar().locator(".tinyml-samples");
    const row = (id: number): Locator => sidebar().locator(".tinyml-sample", { hasText: new RegExp(`#${id}$`) });
    const detail = (): Locator => sidebar().locator(".tinyml-detail");
    const field = (name: string): Locator => sidebar().getByLabel(name).filter({ visible: true });
    const button = (name: string): Locator => sidebar().getByRole("button", { name, exact: true });
    const labelsOnDisk = async (...ids: number[]): Promise<(string | undefined)[]> => {
      const dataset = await openStoredDataset(folder);
      try {
        const all = await dataset.samples();
        return ids.map((id) => all.find((entry) => entry.id === id)?.label);
      } finally {
        await dataset.close();
      }
    };

    /** Draws a line around the whole map. */
    const chooseAllInMap = async (): Promise<void> => {
      const canvas = sidebar().locator(".tinyml-map-canvas");
      await canvas.scrollIntoViewIfNeeded();
      const box = await canvas.boundingBox();
      assert.ok(box !== null);
      const corners = [
        [1, 1],
        [box.width - 2, 1],
        [box.width - 2, box.height - 2],
        [1, box.height - 2],
      ] as const;
      await editor.page.mouse.move(box.x + 1, box.y + 1);
      await editor.page.mouse.down();
      for (const [x, y] of corners) await editor.page.mouse.move(box.x + x, box.y + y, { steps: 3 });
      await editor.page.mouse.up();
      await detail().getByText(`${many} samples are chosen`).waitFor();
    };

    it("shows how many samples a dataset has of each label, and draws the rows in sight only", async () => {
      await editor.page.evaluate('RED.actions.invoke("core:show-tinyml-tab")');
      await button("Look inside").click();
      await row(1).waitFor();
      assert.deepEqual(await sidebar().locator(".tinyml-count-name").allTextContents(), ["left", "right"]);
      assert.ok((await sidebar().locator(".tinyml-sample").count()) < 60);
    });

    it("draws the chosen sample, a drawing for each unit, with the names of its channels", async () => {
      await row(2).click();
      await detail().getByText("8 (0.16 s)").waitFor();
      assert.equal(await detail().locator("svg.tinyml-curve path.tinyml-curve-line").count(), 2);
      assert.deepEqual(await detail().locator(".tinyml-legend").allTextContents(), ["xin g", "spinin °/s"]);
    });

    it("is walked through with the keys, up to the last sample", async () => {
      await samples().press("ArrowDown");
      await detail().locator(".tinyml-card-title", { hasText: "#3" }).waitFor();
      await samples().press("End");
      await detail()
        .locator(".tinyml-card-title", { hasText: `#${many}` })
        .waitFor();
      assert.equal(await row(many).getAttribute("aria-selected"), "true");
      assert.ok((await sidebar().locator(".tinyml-sample").count()) < 60);
      await samples().press("Home");
      await row(1).waitFor();
    });

    it("gives a sample another label, and takes that back", async () => {
      await row(1).click();
      await detail().getByRole("button", { name: "right", exact: true }).click();
      await sidebar().getByText("Label changed to “right” (samples: 1).").waitFor();
      assert.deepEqual(await labelsOnDisk(1), ["right"]);
      await button("Undo").click();
      await row(1).getByText("left").waitFor();
      assert.deepEqual(await labelsOnDisk(1), ["left"]);
    });

    it("gives several samples a label that is typed", async () => {
      await row(1).click();
      await row(4).click({ modifiers: ["Shift"] });
      await detail().getByText("4 samples are chosen").waitFor();
      const input = detail().getByPlaceholder("another label");
      await input.fill("still");
      await input.press("Enter");
      await sidebar().locator(".tinyml-count-name", { hasText: "still" }).waitFor();
      assert.deepEqual(await labelsOnDisk(1, 4, 5), ["still", "still", "left"]);
    });

    it("lists one label only, and decides what its samples are used for", async () => {
      await sidebar().locator(".tinyml-count", { hasText: "still" }).click();
      await row(5).waitFor({ state: "detached" });
      await row(4).click();
      await detail().getByLabel("Use", { exact: true }).selectOption("test");
      await row(4).getByText("test").waitFor();
      await sidebar().locator(".tinyml-count", { hasText: "still" }).click();
      await row(5).waitFor();
    });

    it("decides that for several samples, also where the last one is used so already", async () => {
      await row(1).click();
      await row(4).click({ modifiers: ["Control"] });
      const choice = detail().getByLabel("Use", { exact: true });
      await detail().getByText("2 samples are chosen").waitFor();
      assert.equal(await choice.inputValue(), "");
      await choice.selectOption("test");
      await row(1).getByText("test").waitFor();
      await sidebar().getByText("Use changed: for testing (samples: 2).").waitFor();
      assert.equal(await choice.inputValue(), "test");
    });

    it("deletes with a key, goes on to the next sample, and brings back", async () => {
      await row(2).click();
      await samples().press("Delete");
      await row(2).waitFor({ state: "detached" });
      await detail().locator(".tinyml-card-title", { hasText: "#3" }).waitFor();
      await sidebar().getByLabel("Show the samples with this label").selectOption("deleted");
      await row(2).click();
      await button("Bring back").click();
      await sidebar().getByText("Brought back (samples: 1).").waitFor();
      await sidebar().getByLabel("Show the samples with this label").selectOption("");
      await row(2).waitFor();
      assert.deepEqual(await labelsOnDisk(2), ["still"]);
    });

    it("maps all samples; one is chosen with a click, several by a line around them, and all can be deleted", async () => {
      await button("Map").click();
      await sidebar().getByText("Samples that lie close together are alike.").waitFor();
      const canvas = sidebar().locator(".tinyml-map-canvas");
      await canvas.focus();
      await canvas.press("ArrowRight");
      await canvas.press("ArrowRight");
      await detail().locator(".tinyml-card-title b").waitFor();
      await chooseAllInMap();
      await detail().getByRole("button", { name: "Delete", exact: true }).click();
      await sidebar().getByText(`Deleted (samples: ${many}).`).waitFor();
      assert.deepEqual(await labelsOnDisk(1, 2), [undefined, undefined]);
      await button("Undo").click();
      await sidebar().locator(".tinyml-count-name", { hasText: "still" }).waitFor();
      assert.deepEqual(await labelsOnDisk(1, 2), ["still", "still"]);
    });

    it("has room in a narrow sidebar, and goes back to all datasets", async () => {
      const explorer = sidebar().locator(".tinyml-explorer");
      await sidebar().evaluate((element) => {
        element.style.width = "180px";
      });
      for (const name of ["List", "Map"]) {
        await button(name).click();
        const [inner, outer] = await explorer.evaluate((element) => [element.scrollWidth, element.clientWidth]);
        assert.ok((inner ?? 0) <= (outer ?? 0), `${name}: ${inner} of ${outer}`);
      }
      await sidebar().evaluate((element) => {
        element.style.width = "";
      });
      await button("Back").click();
      await button("Look inside").waitFor();
    });

    it("says why the dataset can't be exported", async () => {
      await button("Look inside").click();
      const file = join(folder, "samples", "2.csv");
      await rename(file, `${file}.lost`);
      await button("Export").click();
      await sidebar()
        .getByText(/The file of sample 2 of the dataset moves is gone/)
        .waitFor();
      await rename(`${file}.lost`, file);
      // The browser tells of the answer, too.
      assert.match(editor.problems.splice(0).join("\n"), /^console: .*status of 500.*\n?$/);
    });

    const open = (name: string): Promise<void> =>
      sidebar().locator(".tinyml-card", { hasText: name }).getByRole("button", { name: "Look inside" }).click();
    const chooseFiles = async (files: Record<string, string | Uint8Array>): Promise<void> => {
      const [chooser] = await Promise.all([
        editor.page.waitForEvent("filechooser"),
        button("Add files").filter({ visible: true }).click(),
      ]);
      await chooser.setFiles(
        Object.entries(files).map(([name, content]) => ({
          name,
          mimeType: "application/octet-stream",
          buffer: Buffer.from(content),
        })),
      );
    };

    it("exports the dataset and imports it under another name", async () => {
      const [download] = await Promise.all([editor.page.waitForEvent("download"), button("Export").click()]);
      assert.equal(download.suggestedFilename(), "moves.zip");
      await button("Back").click();
      const file = await download.path();
      await chooseFiles({ "moves.zip": await readFile(file) });
      await field("Name of the dataset that gets these samples").fill("copy");
      await button("Add").click();
      await sidebar().getByText(`Added (samples: ${many}).`).waitFor();
      await sidebar().locator(".tinyml-card", { hasText: "copy" }).waitFor();
    });

    it("makes a new dataset of a picture, whose label is typed", async () => {
      await chooseFiles({ "IMG_2024.01.05.png": pngBytes(2, 2, Uint8Array.of(1, 2, 3, 4)) });
      await button("Add").click();
      await sidebar()
        .getByText(/Nothing says what IMG_2024\.01\.05\.png shows\. Give the import a label/)
        .waitFor();
      editor.problems.splice(0);
      await field("Name of the dataset that gets these samples").fill("cats");
      await field("Label, where the files don’t say it").fill("cat");
      await field("Label, where the files don’t say it").press("Enter");
      await sidebar().getByText("Added (samples: 1).").waitFor();
      await sidebar().locator(".tinyml-card", { hasText: "cats" }).getByText("cat", { exact: true }).waitFor();
    });

    it("changes nothing in a dataset that is opened before the samples of the last one are known", async () => {
      await open("moves");
      await row(1).waitFor();
      await button("Map").click();
      await sidebar().getByText("Samples that lie close together are alike.").waitFor();
      await chooseAllInMap();
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        release = () => resolve();
      });
      const changed: string[] = [];
      await editor.page.route(/samples\?offset=0&limit=1000/, async (route) => {
        await released;
        await route.continue();
      });
      await editor.page.route(/samples\/relabel/, (route) => {
        changed.push(route.request().url());
        return route.continue();
      });
      const input = detail().getByPlaceholder("another label");
      await input.fill("wrong");
      const asked = editor.page.waitForRequest(/limit=1000/);
      await input.press("Enter");
      await asked;
      await button("Back").click();
      await open("copy");
      await row(1).waitFor();
      const answered = editor.page.waitForResponse(/limit=1000/);
      release();
      await (await answered).finished();
      await editor.page.waitForTimeout(500);
      assert.deepEqual(changed, []);
      assert.equal(await sidebar().locator(".tinyml-count-name", { hasText: "wrong" }).count(), 0);
    });

    it("adds several files with the label that is typed, or none of them when one doesn't fit", async () => {
      await button("Back").click();
      await open("moves");
      await row(1).waitFor();
      await chooseFiles({ "1.csv": "x,spin\n1,2\n", "2.csv": "x,spin\n3,4\n5,6\n" });
      await field("Label, where the files don’t say it").fill("shake");
      await button("Add").click();
      await sidebar().getByText("Added (samples: 2).").waitFor();
      assert.deepEqual(await labelsOnDisk(many + 1, many + 2, many + 3), ["shake", "shake", undefined]);
      await chooseFiles({ "3.csv": "x,spin\n1,2\n", "4.csv": "x,turn\n3,4\n" });
      await button("Add").click();
      await sidebar().getByText("3.csv and 4.csv don't fit into one dataset").waitFor();
      assert.deepEqual(await labelsOnDisk(many + 3), [undefined]);
      // The browser tells of the answer, too.
      assert.match(editor.problems.splice(0).join("\n"), /^console: .*status of 400.*\n?$/);
    });
  });
}
