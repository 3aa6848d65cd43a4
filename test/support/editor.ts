import assert from "node:assert/strict";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { type RunningNodeRed, startNodeRed } from "../../build/node-red";
import { chromiumPath, type NodeRedVersion } from "./machine";

/** Node-RED's editor, open in a headless Chromium. */
export interface Editor {
  page: Page;
  nodeRed: RunningNodeRed;
  /** Errors on the console, exceptions, failed requests, and requests to anywhere but 127.0.0.1, so far. */
  problems: string[];
  /** The node of the workspace with this id. */
  node(id: string): Locator;
  /** Presses the button of a node, such as inject's. */
  pressButton(id: string): Promise<void>;
  /** The text of the status below a node. */
  status(id: string): Locator;
  /** Presses the deploy button and waits until the flows run. */
  deploy(): Promise<void>;
  /** Opens the dialog of a node in the workspace, by double click. */
  openDialog(id: string): Promise<Locator>;
  /** Opens the dialog of a configuration node, or with the id "_ADD_" that of a new one. */
  openConfigurationDialog(type: string, id: string): Promise<Locator>;
  /** Closes the topmost dialog. */
  closeDialog(button: "done" | "cancel"): Promise<void>;
  /** Drops a node from the palette on the workspace and returns its id. */
  dropFromPalette(type: string, x: number, y: number): Promise<string>;
  /** Closes the browser and ends Node-RED. */
  close(): Promise<void>;
}

/** How openEditor opens the editor. */
export interface EditorOptions {
  /** Node-RED's user folder, with the package in its node_modules. */
  userFolder: string;
  flows?: readonly object[];
  dark?: boolean;
  /** The window, in pixels; 1400 × 900 by default. */
  width?: number;
  height?: number;
}

/**
 * Makes the tests of a describe block steps, each on what the ones before it left: after a failure the others are skipped. None
 * may leave a problem in the browser or the log. Closes the editor in the end.
 *
 * @param editor once it is open
 * @param expected problems that the tests are about
 */
export function makeSteps(editor: () => Editor | undefined, expected?: RegExp): void {
  let failed = false;

  after(async () => {
    await editor()?.close();
  });

  beforeEach(function () {
    if (failed) this.skip();
  });

  afterEach(function () {
    failed ||= this.currentTest?.state === "failed";
    if (failed) return;
    const open = editor();
    assert.ok(open);
    assert.deepEqual(
      open.problems.filter((problem) => expected?.test(problem) !== true),
      [],
    );
    assert.doesNotMatch(open.nodeRed.log(), /\[error\]|unhandled/i);
  });
}

const chromiumFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts a Node-RED and opens its editor. */
export async function openEditor(version: NodeRedVersion, options: EditorOptions): Promise<Editor> {
  const dark = options.dark === true ? version.dark : undefined;
  const nodeRed = await startNodeRed({
    userFolder: options.userFolder,
    nodeRedPath: version.nodeRedPath,
    nodePath: version.nodePath,
    ...(options.flows === undefined ? {} : { flows: options.flows }),
    ...(dark !== undefined && "settings" in dark ? { settings: dark.settings } : {}),
  });
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags });
    const viewport = { width: options.width ?? 1400, height: options.height ?? 900 };
    const page = await browser.newPage({ viewport, locale: "en-US" });
    const problems = watchForProblems(page);
    if (dark !== undefined && "localStorage" in dark) await presetLocalStorage(page, dark.localStorage);
    await page.goto(nodeRed.url);
    await page.locator("#red-ui-workspace-chart").waitFor();
    await page.locator("#red-ui-loading-progress").waitFor({ state: "hidden" });
    return editorOn(page, nodeRed, browser, problems);
  } catch (error) {
    await browser?.close();
    await nodeRed.stop();
    throw error;
  }
}

const buttons = {
  done: "#node-dialog-ok, #node-config-dialog-ok",
  cancel: "#node-dialog-cancel, #node-config-dialog-cancel",
};

function editorOn(page: Page, nodeRed: RunningNodeRed, browser: Browser, problems: string[]): Editor {
  const node = (id: string): Locator => page.locator(`[id="${id}"]`);
  const dialogs = page.locator(".red-ui-tray");
  const opened = async (before: number): Promise<Locator> => {
    const dialog = dialogs.nth(before);
    // It slides in, prepared by its script; a trial click waits until it stands still.
    await dialog.locator(buttons.done).click({ trial: true });
    return dialog;
  };
  return {
    page,
    nodeRed,
    problems,
    node,
    async pressButton(id) {
      await node(id).locator(".red-ui-flow-node-button-button").click();
    },
    status: (id) => node(id).locator(".red-ui-flow-node-status-label"),
    async deploy() {
      const button = page.locator("#red-ui-header-button-deploy");
      await button.click();
      await page.waitForFunction(`document.querySelector("#red-ui-header-button-deploy.disabled") !== null`);
    },
    async openDialog(id) {
      const before = await dialogs.count();
      await node(id).locator(".red-ui-flow-node").dblclick();
      return opened(before);
    },
    async openConfigurationDialog(type, id) {
      const before = await dialogs.count();
      await page.evaluate(`RED.editor.editConfig("", ${JSON.stringify(type)}, ${JSON.stringify(id)})`);
      return opened(before);
    },
    async closeDialog(button) {
      const before = await dialogs.count();
      await dialogs.last().locator(buttons[button]).click();
      await page.waitForFunction(`document.querySelectorAll(".red-ui-tray").length < ${before}`);
    },
    async dropFromPalette(type, x, y) {
      const ids = `RED.nodes.filterNodes({ type: ${JSON.stringify(type)} }).map((node) => node.id)`;
      const before = new Set((await page.evaluate(ids)) as string[]);
      const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
      await entry.scrollIntoViewIfNeeded();
      const [from, chart] = await Promise.all([
        entry.boundingBox(),
        page.locator("#red-ui-workspace-chart").boundingBox(),
      ]);
      if (from === null || chart === null) throw new Error(`${type} is not in the palette.`);
      await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
      await page.mouse.down();
      // jQuery UI takes the first movement for the start of the drag.
      await page.mouse.move(chart.x + x - 20, chart.y + y - 20, { steps: 4 });
      await page.mouse.move(chart.x + x, chart.y + y, { steps: 4 });
      await page.mouse.up();
      const dropped = ((await page.evaluate(ids)) as string[]).filter((id) => !before.has(id));
      if (dropped.length !== 1 || dropped[0] === undefined)
        throw new Error(`Dropping ${type} made ${dropped.length} nodes.`);
      return dropped[0];
    },
    async close() {
      await browser.close();
      await nodeRed.stop();
    },
  };
}

function watchForProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => problems.push(`exception: ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && hostname !== "127.0.0.1") problems.push(`request to ${request.url()}`);
  });
  return problems;
}

async function presetLocalStorage(page: Page, entries: Readonly<Record<string, string>>): Promise<void> {
  for (const [key, value] of Object.entries(entries)) {
    await page.addInitScript(`localStorage.setItem(${JSON.stringify(key)}, ${JSON.stringify(value)})`);
  }
}
