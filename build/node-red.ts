import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, mkdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { packagePath, packageRoot } from "./package-files";

/** How startNodeRed starts a Node-RED. */
export interface NodeRedOptions {
  /** Its user folder; created when missing. */
  userFolder: string;
  /** The port on 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
  /** The flows to start with, as in flows.json; without them the user folder's own are started. */
  flows?: readonly object[];
  /** The folder of the `node-red` package; by default this package's development dependency. */
  nodeRedPath?: string;
  /** The Node that runs it; by default the one that runs this. */
  nodePath?: string;
  /** Settings that replace or join the default ones, as in settings.js; plain JSON. `editorTheme` is joined key by key. */
  settings?: Readonly<Record<string, unknown>>;
  /** Gets everything that Node-RED prints, as it does. */
  onOutput?: (text: string) => void;
  /** How long the start may take in milliseconds, 60,000 by default. */
  startTimeout?: number;
}

/** A Node-RED in a process of its own. */
export interface RunningNodeRed {
  /** The editor's address, with a slash at the end. */
  url: string;
  /** Its process id. */
  pid: number;
  /** What it printed so far. */
  log(): string;
  /** Ends it the way Ctrl-C would (nodes get their `close`) and waits until it is gone; kills it after ten seconds. */
  stop(): Promise<void>;
  /** Resolves with its exit code once it is gone, however that happened; null after a signal. */
  exited: Promise<number | null>;
}

/**
 * Starts a real Node-RED that listens to nothing but 127.0.0.1, and waits until its flows run.
 * Throws with what Node-RED printed when it ends, misses node types or takes too long.
 */
export async function startNodeRed(options: NodeRedOptions): Promise<RunningNodeRed> {
  const port = options.port ?? 0;
  if (port !== 0) await checkThatPortIsFree(port);
  const { userFolder } = options;
  const settingsFile = join(userFolder, "settings.js");
  await mkdir(userFolder, { recursive: true });
  await writeFile(settingsFile, settingsSource(port, options.settings));
  if (options.flows !== undefined) {
    await writeFile(join(userFolder, "flows.json"), `${JSON.stringify(options.flows, undefined, 2)}\n`);
  }

  const nodeRedPath = options.nodeRedPath ?? dirname(require.resolve("node-red/package.json"));
  const child = spawn(
    options.nodePath ?? process.execPath,
    [join(nodeRedPath, "red.js"), "--userDir", userFolder, "--settings", settingsFile],
    // The channel carries nothing: that it closes tells Node-RED that whoever started it is gone (see settingsSource).
    { cwd: userFolder, stdio: ["ignore", "pipe", "pipe", "ipc"] },
  );
  let log = "";
  const listeners = new Set<() => void>();
  const collect = (chunk: Buffer): void => {
    const text = chunk.toString();
    log += text;
    options.onOutput?.(text);
    for (const listener of listeners) listener();
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => resolve(code));
    child.once("error", (error) => {
      log += `${error.message}\n`;
      resolve(null);
    });
  });
  const stop = (): Promise<void> => stopChild(child, exited);

  try {
    const url = await waitForStart(() => log, listeners, exited, options.startTimeout ?? 60_000);
    if (child.pid === undefined) throw new Error("Node-RED has no process id.");
    return { url, pid: child.pid, log: () => log, stop, exited };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Puts this package into a user folder's node_modules, as a link, so that a Node-RED there loads its nodes. */
export async function linkPackage(userFolder: string): Promise<void> {
  const link = join(userFolder, "node_modules", "@tinyml-flows", "node-red-tinyml");
  const old = await lstat(link).catch(() => undefined);
  if (old?.isSymbolicLink() && (await readlink(link)) === packageRoot) return;
  await rm(link, { recursive: true, force: true });
  await mkdir(dirname(link), { recursive: true });
  // Windows needs no privilege for a junction.
  await symlink(packageRoot, link, "junction");
}

/** The example flow of an issue or lab, by its title in examples/. */
export function examplePath(title: string): string {
  return packagePath("examples", `${title}.json`);
}

function settingsSource(port: number, overrides: Readonly<Record<string, unknown>> = {}): string {
  const { editorTheme, ...others } = overrides;
  const settings = {
    uiHost: "127.0.0.1",
    uiPort: port,
    flowFile: "flows.json",
    flowFilePretty: true,
    // Flows of the examples hold no secrets; a fixed secret spares the warning and keeps a user folder portable.
    credentialSecret: "tinyml-flows",
    // No question about telemetry, no look for updates, no tour, no palette catalogue: nothing leaves the machine.
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: {
      tours: false,
      palette: { catalogues: [] },
      ...(typeof editorTheme === "object" ? editorTheme : {}),
    },
    // startNodeRed reads the log, in English.
    lang: "en-US",
    logging: { console: { level: "info", metrics: false, audit: false } },
    ...others,
  };
  return [
    "// Written anew at each start.",
    'process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));',
    `module.exports = ${JSON.stringify(settings, undefined, 2)};`,
    "",
  ].join("\n");
}

async function checkThatPortIsFree(port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, "127.0.0.1");
    await once(probe, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
      throw new Error(`Port ${port} of 127.0.0.1 is taken by another program, perhaps a Node-RED that still runs.`);
    }
    throw error;
  } finally {
    probe.close();
  }
}

function waitForStart(
  log: () => string,
  listeners: Set<() => void>,
  exited: Promise<number | null>,
  timeout: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(new Error(`${reason} It printed:\n${log()}`));
    const timer = setTimeout(() => fail(`Node-RED did not start its flows within ${timeout / 1000} s.`), timeout);
    void exited.then((code) => fail(`Node-RED ended (exit code ${code}) before its flows ran.`));
    const look = (): void => {
      const url = /Server now running at (http:\S+)/.exec(log())?.[1];
      if (log().includes("Waiting for missing types")) fail("Node-RED lacks node types that the flows use.");
      else if (url !== undefined && log().includes("Started flows")) resolve(url);
      else return;
      clearTimeout(timer);
      listeners.delete(look);
    };
    listeners.add(look);
    void exited.then(() => clearTimeout(timer));
    look();
  });
}

async function stopChild(child: ChildProcess, exited: Promise<number | null>): Promise<void> {
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  if (isGone()) return;
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await exited;
  clearTimeout(killer);
}
