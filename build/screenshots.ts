import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset } from "../src/dataset/open-dataset";
import { gestureChannels, gestureNames, gestureReading, gestureSeconds } from "../src/hardware/gestures";
import { type Editor, openEditor } from "../test/support/editor";
import { nodeRedVersions } from "../test/support/machine";
import { buildPackage } from "./build-package";
import { examplePath, linkPackage } from "./node-red";
import { packagePath } from "./package-files";
import { shrinkPng } from "./shrink-png";

/*
 * `npm run screenshots`: the pictures of the README in docs/images/, light and dark, taken while the example runs in
 * Node-RED. It needs Chromium (test/support/machine.ts says where it is looked for).
 */

const folder = packagePath("docs", "images");
/** So slow and so long that the curve can be seen while it grows; the example's own training takes an instant. */
const slowTraining = { epochs: 30000, learningRate: 0.00001 };
/** Pictures of flat colours stay far below this; one that doesn't shows something it shouldn't. */
const largestFile = 120_000;
/** The window, the one in which the longest dialog has room, and what is left around what a picture is cut to; in pixels. */
const size = { width: 1200, height: 850 };
const tall = { width: 1200, height: 1080 };
const margin = 12;
/** Wide enough for the explorer to put the map beside the sample. */
const wideSidebar = 660;
/** The recording with a wrong label, from 0. */
const mislabelled = 15;

interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

async function takeAll(dark: boolean): Promise<void> {
  const [version] = nodeRedVersions;
  if (version === undefined) throw new Error("There is no Node-RED to take pictures of.");
  const userFolder = await mkdtemp(join(tmpdir(), "tinyml-screenshots-"));
  let editor: Editor | undefined;
  try {
    await linkPackage(userFolder);
    const flows: object[] = JSON.parse(await readFile(examplePath("Potentiometer to LED"), "utf8"));
    editor = await openEditor(version, { userFolder, flows, dark, ...size });
    await take(editor, dark ? "dark" : "light");
    await storeGestures(join(userFolder, "tinyml", "datasets", "gestures"));
    await lookInside(editor, dark ? "dark" : "light");
  } finally {
    await editor?.close();
    await rm(userFolder, { recursive: true, force: true });
  }
}

/** Recordings of the simulated hand, of which one has a wrong label: the map is to show it. */
async function storeGestures(path: string): Promise<void> {
  const rateHz = 100;
  const channels = gestureChannels.map((name, i) => ({ name, unit: i < 3 ? "g" : "°/s" }));
  const dataset = await openDataset(path, { version: 1, kind: "timeseries", task: "classification", channels, rateHz });
  const samples = Array.from({ length: 40 }, (_, turn) => {
    const gesture = gestureNames[turn % gestureNames.length];
    const readings = Array.from({ length: gestureSeconds * rateHz }, (_, i) =>
      gestureReading(gesture, i / rateHz, turn, 1000 * turn + i),
    );
    return { values: Float32Array.from(readings.flat()), label: turn === mislabelled ? "flex" : gesture };
  });
  await dataset.addAll(samples);
  await dataset.close();
}

/** A recording and the map, in a sidebar that is wide enough for both. */
async function lookInside(editor: Editor, theme: string): Promise<void> {
  const { page } = editor;
  await editor.closeDialog("cancel");
  await page.setViewportSize(size);
  await page.reload();
  await page.locator("#red-ui-loading-progress").waitFor({ state: "hidden" });
  await page.evaluate('RED.actions.invoke("core:show-tinyml-tab")');
  const sidebar = page.locator(".tinyml-sidebar");
  const card = sidebar.locator(".tinyml-card", { hasText: "gestures" });
  await card.waitFor();
  const separator = await areaOf(editor, "#red-ui-sidebar-separator");
  await page.mouse.move(separator.x + separator.width / 2, separator.y + separator.height / 2);
  await page.mouse.down();
  await page.mouse.move(size.width - wideSidebar, separator.y + separator.height / 2, { steps: 5 });
  await page.mouse.up();
  await card.getByRole("button", { name: "Look inside" }).click();
  await sidebar.locator(".tinyml-sample", { hasText: `#${mislabelled + 1}` }).click();
  await sidebar.getByRole("button", { name: "Map" }).click();
  await sidebar.getByText("The map shows").waitFor();
  await sidebar.locator(".tinyml-detail svg").first().waitFor();
  await picture(editor, `explorer-${theme}`, await areaOf(editor, ".tinyml-sidebar"));
}

async function picture(editor: Editor, name: string, area?: Area): Promise<void> {
  await withoutNotifications(editor);
  const path = join(folder, `${name}.png`);
  const png = await editor.page.screenshot(area === undefined ? {} : { clip: area });
  const small = shrinkPng(png);
  await writeFile(path, small);
  console.log(`${path}: ${small.length} bytes (${png.length} as it was taken)`);
  if (small.length > largestFile) throw new Error(`${path} is larger than ${largestFile} bytes.`);
}

async function areaOf({ page }: Editor, selector: string): Promise<Area> {
  const area = await page.locator(selector).boundingBox();
  if (area === null) throw new Error(`${selector} is not to be seen.`);
  return area;
}

async function take(editor: Editor, theme: string): Promise<void> {
  const { page } = editor;
  const press = async (button: string, node: string, status: RegExp): Promise<void> => {
    await editor.pressButton(`tinyml-press-${button}`);
    await editor.status(node).filter({ hasText: status }).waitFor();
  };

  // Without the palette the whole flow fits, beside the sidebar.
  await page.evaluate('RED.actions.invoke("core:toggle-palette")');
  await page.evaluate('RED.actions.invoke("core:show-tinyml-tab")');
  await press("record", "tinyml-record", /^recorded/);
  await press("train", "tinyml-train", /^trained/);
  await press("quantize", "tinyml-quantize", /^weights/);
  await press("export", "tinyml-export", /^flash/);
  await editor
    .status("tinyml-led")
    .filter({ hasText: /[4-7]\d %/ })
    .waitFor();
  await picture(editor, `flow-${theme}`);

  await editor.openDialog("tinyml-export");
  await page.locator("#tinyml-export-sketches button").waitFor();
  const [tray, sketches] = [await areaOf(editor, ".red-ui-tray"), await areaOf(editor, "#tinyml-export-sketches")];
  await picture(editor, `export-${theme}`, { ...tray, height: sketches.y + sketches.height + margin - tray.y });
  await editor.closeDialog("cancel");

  await page.setViewportSize(tall);
  const dialog = await editor.openDialog("tinyml-train");
  for (const [field, value] of Object.entries(slowTraining)) {
    await dialog.locator(`#node-input-${field}`).fill(String(value));
  }
  await editor.closeDialog("done");
  await editor.deploy();
  await withoutNotifications(editor);
  await editor.openDialog("tinyml-train");
  // The dialog is over the flow's button.
  await fetch(new URL("inject/tinyml-press-train", editor.nodeRed.url), { method: "POST" });
  const half = new RegExp(`^epoch 1[3-9]\\d{3}/${slowTraining.epochs}`);
  await page.locator("#tinyml-train-run").getByText(half).waitFor();
  const { x } = await areaOf(editor, ".red-ui-tray");
  await picture(editor, `train-${theme}`, { x, y: 0, width: tall.width - x, height: tall.height });
  const sidebar = await areaOf(editor, ".tinyml-sidebar");
  const lastCard = await areaOf(editor, ".tinyml-sidebar .tinyml-card >> nth=-1");
  await picture(editor, `sidebar-${theme}`, { ...sidebar, height: lastCard.y + lastCard.height + margin - sidebar.y });
}

async function withoutNotifications({ page }: Editor): Promise<void> {
  await page.evaluate('document.querySelectorAll(".red-ui-notification").forEach((element) => element.remove())');
}

async function screenshots(): Promise<void> {
  await buildPackage();
  await mkdir(folder, { recursive: true });
  for (const dark of [false, true]) await takeAll(dark);
}

screenshots().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
