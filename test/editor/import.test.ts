import assert from "node:assert/strict";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { linkPackage } from "../../build/node-red";
import { openDataset, openStoredDataset } from "../../src/dataset/open-dataset";
import { pngBytes } from "../dataset/support/pictures";
import { type Editor, makeSteps, openEditor } from "../support/editor";
import { temporaryFolder } from "../support/folders";
import { chromiumPath, nodeRedVersions, skipUnlessThere } from "../support/machine";

for (const version of nodeRedVersions) {
  // The steps of somebody whose imports fail, each on what the ones before it left.
  describe(`editor: imports that fail in ${version.name}`, function () {
    this.timeout(60_000);
    let editor: Editor;
    let userFolder: string;

    const folderOf = (name: string): string => join(userFolder, "tinyml", "datasets", name);
    const labelsOf = async (name: string): Promise<(string | undefined)[]> => {
      const dataset = await openStoredDataset(folderOf(name));
      try {
        return (await dataset.samples()).map(({ label }) => label);
      } finally {
        await dataset.close();
      }
    };

    before(async function () {
      this.timeout(120_000);
      skipUnlessThere(this, version.nodePath, version.nodeRedPath, chromiumPath);
      userFolder = await temporaryFolder();
      await linkPackage(userFolder);
      const dataset = await openDataset(folderOf("moves"), {
        version: 1,
        kind: "timeseries",
        task: "classification",
        rateHz: 50,
        channels: [
          { name: "x", unit: "g" },
          { name: "spin", unit: "°/s" },
        ],
      });
      await dataset.addAll([{ values: Float32Array.of(1, 2, 3, 4), label: "still" }]);
      await dataset.close();
      editor = await openEditor(version, { userFolder, flows: [{ id: "tab", type: "tab", label: "flow" }] });
      await editor.page.evaluate('RED.actions.invoke("core:show-tinyml-tab")');
    });

    // The browser tells of the answers that a test is about.
    makeSteps(() => editor, /^console: Failed to load resource.*(status of [45]|net::ERR)/);

    const sidebar = (): Locator => editor.page.locator(".tinyml-sidebar");
    const button = (name: string): Locator =>
      sidebar().getByRole("button", { name, exact: true }).filter({ visible: true });
    const form = (): Locator => sidebar().getByRole("form");
    const alert = (): Locator => form().getByRole("alert");
    const nameField = (): Locator => form().getByLabel("Name of the dataset that gets these samples");
    const labelField = (): Locator => form().getByLabel("Label, where the files don’t say it");
    const open = (name: string): Promise<void> =>
      sidebar().locator(".tinyml-card", { hasText: name }).getByRole("button", { name: "Look inside" }).click();
    const choose = async (opener: string, files: Record<string, string | Uint8Array> | string): Promise<void> => {
      const [chooser] = await Promise.all([editor.page.waitForEvent("filechooser"), button(opener).click()]);
      if (typeof files === "string") await chooser.setFiles(files);
      else {
        await chooser.setFiles(
          Object.entries(files).map(([name, content]) => ({
            name,
            mimeType: "application/octet-stream",
            buffer: Buffer.from(content),
          })),
        );
      }
    };
    const added = async (samples: number): Promise<void> => {
      await form().waitFor({ state: "hidden" });
      await sidebar().getByText(`Added (samples: ${samples}).`).filter({ visible: true }).waitFor();
    };
    const said = async (words: RegExp, code: string): Promise<void> => {
      await alert().filter({ hasText: words }).waitFor();
      assert.equal(await alert().locator(".tinyml-code").textContent(), code);
    };

    it("the form says why, keeps what was typed, and takes the files once that is put right", async () => {
      await choose("Add files", { "cat.png": pngBytes(2, 2, Uint8Array.of(1, 2, 3, 4)) });
      await nameField().fill("faces");
      await nameField().press("Enter");
      await said(/^Nothing says what cat\.png shows\. Give the import a label/, "TINYML_NO_LABEL");
      assert.equal(await nameField().inputValue(), "faces");
      assert.ok(await nameField().evaluate((element) => element === document.activeElement), "the focus stays");
      await labelField().fill("cat");
      for (const wrong of ["", "..", "../faces"]) {
        await nameField().fill(wrong);
        await button("Add").click();
        await said(/^A name has letters/, "TINYML_NAME_INVALID");
      }
      await nameField().fill("faces");
      await button("Add").click();
      await added(1);
      assert.deepEqual(await labelsOf("faces"), ["cat"]);
    });

    it("the form says nothing of what failed before, and can be closed", async () => {
      await choose("Add files", { "dog.png": pngBytes(2, 2, Uint8Array.of(1, 2, 3, 4)) });
      assert.deepEqual(
        [await alert().textContent(), await nameField().inputValue(), await labelField().inputValue()],
        ["", "dog", ""],
      );
      await button("Cancel").click();
      await form().waitFor({ state: "hidden" });
    });

    it("files are chosen anew without typing the rest again", async () => {
      await open("moves");
      await choose("Add files", { "3.csv": "x,spin\n1,2\n", "4.csv": "x,turn\n3,4\n" });
      await labelField().fill("shake");
      await button("Add").click();
      await said(/^3\.csv and 4\.csv don't fit into one dataset/, "TINYML_SAMPLES_DIFFER");
      await choose("Add files", { "3.csv": "x,spin\n1,2\n", "5.csv": "x,spin\n3,4\n" });
      assert.equal(await alert().textContent(), "");
      await form().getByText("3.csv, 5.csv").waitFor();
      await button("Add").click();
      await added(2);
      assert.deepEqual(await labelsOf("moves"), ["still", "shake", "shake"]);
    });

    it("a file that is put right on the disk is taken as it is then", async () => {
      const file = join(userFolder, "6.csv");
      await writeFile(file, "x,turn\n1,2\n");
      await choose("Add files", file);
      await labelField().fill("fall");
      await button("Add").click();
      await said(/\S/, "TINYML_DATASET_MISMATCH");
      await writeFile(file, "x,spin\n1,2\n3,4\n5,6\n");
      await button("Add").click();
      await added(1);
      assert.deepEqual(await labelsOf("moves"), ["still", "shake", "shake", "fall"]);
    });

    it("a file that is gone is told, and another one taken", async () => {
      const file = join(userFolder, "6.csv");
      await choose("Add files", file);
      await labelField().fill("roll");
      await rm(file);
      await button("Add").click();
      await alert().getByText("A file was changed or removed since it was chosen.").waitFor();
      await writeFile(file, "x,spin\n1,2\n");
      await choose("Add files", file);
      await button("Add").click();
      await added(1);
      assert.deepEqual((await labelsOf("moves")).slice(4), ["roll"]);
    });

    it("nothing is sent twice, however often it is asked for", async () => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        release = () => resolve();
      });
      let sent = 0;
      await editor.page.route(/\/import\?/, async (route) => {
        sent += 1;
        await released;
        await route.continue();
      });
      await choose("Add files", { "7.csv": "x,spin\n1,2\n" });
      await labelField().fill("jump");
      for (let i = 0; i < 3; i++) await labelField().press("Enter");
      await form().getByText("Adding 7.csv …").waitFor();
      for (const name of ["Add", "Add files", "Cancel"]) {
        assert.ok(await button(name).isDisabled(), name);
        await button(name).dispatchEvent("click");
      }
      assert.equal(await labelField().isEditable(), false);
      release();
      await added(1);
      assert.equal(sent, 1);
      assert.deepEqual((await labelsOf("moves")).slice(5), ["jump"]);
      assert.equal(await button("Add files").isDisabled(), false);
      await editor.page.unroute(/\/import\?/);
    });

    it("says so where something between Node-RED and the browser answers, or nothing does", async () => {
      await choose("Add files", { "8.csv": "x,spin\n1,2\n" });
      await labelField().fill("jump");
      await editor.page.route(/\/import\?/, (route) => route.fulfill({ status: 413, body: "<h1>Too large</h1>" }));
      await button("Add").click();
      await alert()
        .getByText(/nothing says why \(status 413\)/)
        .waitFor();
      await editor.page.unroute(/\/import\?/);
      await editor.page.route(/\/import\?/, (route) => route.abort());
      await button("Add").click();
      await alert()
        .getByText(/Node-RED can’t be reached/)
        .waitFor();
      await editor.page.unroute(/\/import\?/);
      await button("Add").click();
      await added(1);
    });

    it("has room in a narrow sidebar", async () => {
      await choose("Add files", { "a_name_without_a_space_that_is_long.csv": "x,turn\n3,4\n" });
      await button("Add").click();
      await said(/\S/, "TINYML_DATASET_MISMATCH");
      await sidebar().evaluate((element) => {
        element.style.width = "180px";
      });
      const widths = await form().evaluate((element) => [element.scrollWidth, element.clientWidth]);
      assert.ok((widths[0] ?? 0) <= (widths[1] ?? 0), widths.join(" of "));
      await sidebar().evaluate((element) => {
        element.style.width = "";
      });
      await button("Cancel").click();
    });

    it("tells the reason to those who look at something else meanwhile", async () => {
      const answered = editor.page.waitForResponse(/\/import\?/);
      await editor.page.route(/\/import\?/, async (route) => {
        await button("Back").click();
        await route.continue();
      });
      await choose("Add files", { "9.csv": "x,turn\n3,4\n" });
      await button("Add").click();
      await answered;
      const notification = editor.page.locator(".red-ui-notification-error");
      await notification.locator(".tinyml-code", { hasText: "TINYML_DATASET_MISMATCH" }).waitFor();
      await notification.click();
      await editor.page.unroute(/\/import\?/);
      await open("moves");
      await form().waitFor({ state: "hidden" });
      await button("Back").click();
    });

    it("tells of files that were taken after the form was closed", async () => {
      await open("moves");
      await editor.page.route(/\/import\?/, async (route) => {
        await button("Back").click();
        await route.continue();
      });
      await choose("Add files", { "late.csv": "x,spin\n3,4\n" });
      await labelField().fill("late");
      await button("Add").click();
      const notification = editor.page.locator(".red-ui-notification-success", { hasText: "Added: late.csv." });
      await notification.click();
      await editor.page.unroute(/\/import\?/);
      assert.ok((await labelsOf("moves")).includes("late"));
    });

    it("a project whose names are taken stays chosen, for new names", async () => {
      const [download] = await Promise.all([editor.page.waitForEvent("download"), button("Export project").click()]);
      await choose("Import project", await download.path());
      await said(/\S/, "TINYML_WOULD_OVERWRITE");
      await button("Try again").click();
      await said(/\S/, "TINYML_WOULD_OVERWRITE");
      await button("Import under new names").press("Enter");
      await sidebar()
        .getByText(/^Imported: 2 datasets/)
        .waitFor();
      assert.ok(await button("Import project").evaluate((element) => element === document.activeElement));
      assert.deepEqual((await readdir(join(userFolder, "tinyml", "datasets"))).sort(), [
        "faces",
        "faces 2",
        "moves",
        "moves 2",
      ]);
    });

    it("a project that is none gives no names to change", async () => {
      await choose("Import project", { "project.zip": "no archive" });
      await said(/\S/, "TINYML_IMPORT_INVALID");
      assert.equal(await button("Import under new names").count(), 0);
      await button("Cancel").click();
    });

    it("a sample whose file is gone says so in place of its picture", async () => {
      await editor.page.route(/\/samples\/1\/file$/, async (route) => {
        // What is known of a picture is asked for before the picture itself.
        await rm(join(folderOf("faces"), "samples"), { recursive: true });
        await route.continue();
      });
      await sidebar().locator(".tinyml-card", { hasText: "faces" }).first().getByRole("button").click();
      await sidebar().locator(".tinyml-sample").first().click();
      const reason = sidebar().locator(".tinyml-drawing .tinyml-run-error");
      await reason.filter({ hasText: /sample 1/ }).waitFor();
      assert.match((await reason.locator(".tinyml-code").textContent()) ?? "", /^TINYML_/);
    });
  });
}
