import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readNote } from "../src/own-files";
import { readTflite } from "../src/tflite/read-tflite";
import { buildPackage } from "./build-package";
import { examplePath, linkPackage, type RunningNodeRed, startNodeRed } from "./node-red";
import { packagePath } from "./package-files";

/*
 * `npm run --silent demo`: the flow "Potentiometer to LED" without a browser, in a real Node-RED, to its end: it presses the
 * flow's buttons one after the other and looks at what each leaves on disk. What it reached goes to stdout as one JSON
 * object, all else to stderr; it exits with 0 only if every step worked. (Without --silent npm writes two lines of its own
 * on stdout first; no script can prevent that.)
 * `npm run --silent demo -- FOLDER FLOWS` takes another, empty user folder than .demo, and another file of flows.
 */

/** What the demo prints. */
interface DemoResult {
  /** Mean squared error of the float model on the validation rows. */
  validationMse: number;
  trainingSeconds: number;
  floatBytes: number;
  int8Bytes: number;
  /** The folder of the Arduino sketch. */
  sketch: string;
  /** What the exporter says that the sketch takes on an Arduino Uno. */
  flashBytes: number;
  ramBytes: number;
}

const ownFolder = packagePath(".demo");
const userFolder = resolve(process.argv[2] ?? ownFolder);
const flowFile = process.argv[3] ?? examplePath("Potentiometer to LED");
const storage = join(userFolder, "tinyml");
const sketchFolder = join(storage, "sketches", "potentiometer");
const readingsToRecord = 1000;
/** How long one step may take before the demo gives up. */
const stepTimeout = 60_000;

async function demo(): Promise<DemoResult> {
  say("building");
  await buildPackage();
  await emptyUserFolder();
  await linkPackage(userFolder);
  const nodeRed = await startNodeRed({ userFolder, flows: await demoFlows() });
  try {
    say("recording");
    await press(nodeRed, "record");
    await waitFor(nodeRed, "the recording", async () => (await countRows()) >= readingsToRecord);
    say("training");
    await press(nodeRed, "train");
    const float = await waitForModel(nodeRed, "potentiometer");
    say("predicting");
    await waitFor(nodeRed, "a prediction at the LED", async () => /\[debug:led\]\s+0?\.?\d/.test(nodeRed.log()));
    say("quantizing");
    await press(nodeRed, "quantize");
    const int8 = await waitForModel(nodeRed, "potentiometer-int8");
    say("exporting");
    await press(nodeRed, "export");
    const sizes = await waitFor(nodeRed, "the sketch", sketchSizes);
    const report = readTflite(float).metadata?.report;
    if (report === undefined) throw new Error("The trained model carries no report.");
    return {
      validationMse: report.validationMetric,
      trainingSeconds: report.seconds,
      floatBytes: float.length,
      int8Bytes: int8.length,
      sketch: sketchFolder,
      ...sizes,
    };
  } finally {
    await nodeRed.stop();
  }
}

/** Clears what the last demo left, but only in the folder that is the demo's own. */
async function emptyUserFolder(): Promise<void> {
  if (userFolder === ownFolder) await rm(userFolder, { recursive: true, force: true });
  const files = await readdir(userFolder).catch(() => []);
  if (files.length > 0) throw new Error(`${userFolder} is not empty. The demo needs an empty or a new folder.`);
}

/**
 * The example's flows, changed in two ways: behind the LED a line goes to the log now and then, by which the demo sees
 * predictions arrive, and no Catch node keeps errors from the log.
 */
async function demoFlows(): Promise<object[]> {
  const example: Record<string, unknown>[] = JSON.parse(await readFile(flowFile, "utf8"));
  const nodes = example.filter(({ type }) => type !== "catch");
  const led = nodes.find(({ id }) => id === "tinyml-led");
  if (led === undefined) throw new Error("The example has no LED any more.");
  led.wires = [["demo-limit"]];
  const place = { z: led.z, x: 0, y: 0 };
  const limit = { pauseType: "rate", rate: "1", nbRateUnits: "1", rateUnits: "second", drop: true, outputs: 1 };
  return [
    ...nodes,
    { ...place, ...limit, id: "demo-limit", type: "delay", wires: [["demo-log"]] },
    {
      ...place,
      id: "demo-log",
      type: "debug",
      name: "led",
      active: true,
      console: true,
      complete: "payload",
      targetType: "msg",
      wires: [],
    },
  ];
}

async function press({ url }: RunningNodeRed, button: string): Promise<void> {
  const response = await fetch(new URL(`inject/tinyml-press-${button}`, url), { method: "POST" });
  if (!response.ok) throw new Error(`The button "${button}" answered ${response.status}.`);
}

/** Asks until there is an answer; gives up when a node reports an error, Node-RED ends or time runs out. */
async function waitFor<Answer>(
  nodeRed: RunningNodeRed,
  what: string,
  ask: () => Promise<Answer | undefined | false>,
): Promise<Answer> {
  const end = Date.now() + stepTimeout;
  let gone = false;
  void nodeRed.exited.then(() => {
    gone = true;
  });
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    const failure = /\[error\] (.*)/.exec(nodeRed.log())?.[1];
    if (failure !== undefined) throw new Error(`Waiting for ${what}: ${failure}`);
    if (gone) throw new Error(`Waiting for ${what}: Node-RED ended.\n${nodeRed.log()}`);
    if (Date.now() > end)
      throw new Error(`Waiting for ${what}: nothing within ${stepTimeout / 1000} s.\n${nodeRed.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function countRows(): Promise<number> {
  const index = await readIfThere(join(storage, "datasets", "potentiometer", "index.ndjson"));
  return index?.toString().split("\n").filter(Boolean).length ?? 0;
}

function waitForModel(nodeRed: RunningNodeRed, name: string): Promise<Buffer> {
  return waitFor(nodeRed, `the model ${name}`, () => readIfThere(join(storage, "models", name, "model.tflite")));
}

/** What the exporter noted of the sketch's sizes, once all of it is written. */
async function sketchSizes(): Promise<Pick<DemoResult, "flashBytes" | "ramBytes"> | undefined> {
  if ((await readIfThere(`${sketchFolder}.zip`)) === undefined) return undefined;
  const note = await readNote(sketchFolder);
  if (typeof note !== "object" || note === null || !("flashBytes" in note) || !("ramBytes" in note)) return undefined;
  const { flashBytes, ramBytes } = note;
  return typeof flashBytes === "number" && typeof ramBytes === "number" ? { flashBytes, ramBytes } : undefined;
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  return (await stat(file).catch(() => undefined)) ? readFile(file) : undefined;
}

function say(step: string): void {
  process.stderr.write(`${step} …\n`);
}

demo().then(
  (result) => process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
