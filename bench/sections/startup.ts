import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packagePath } from "../../build/package-files";
import { sharedModelPath } from "../../test/support/shared-models";
import { library, libraryFile } from "../library";
import { median } from "../measure";
import { denseLayers, potentiometer, untrained } from "../networks";
import { writeOnnx } from "../peers/onnx";
import { type Check, digits, type Section } from "../report";

const run = promisify(execFile);
const starts = 15;

interface Start {
  milliseconds: number;
  /** Resident memory beyond what the bare process has, bytes. */
  memory: number;
  firstPrediction: number;
  memoryWithPrediction: number;
}

/** Registers all nodes as Node-RED does at its start, with a RED that only takes note. */
const registerAll = `
  const nothing = () => {};
  const RED = {
    nodes: { registerType: nothing },
    plugins: { registerPlugin: nothing },
    settings: { userDir: "/nowhere" },
    auth: { needsPermission: () => nothing },
    httpAdmin: { get: nothing, post: nothing },
  };
  for (const file of ${JSON.stringify(nodeFiles())}) require(file)(RED);`;

/** A public model of 300 kB, where it lies beside the repository. */
const largeModel = sharedModelPath("person_detect.tflite");

const readAndRun = `
  const model = library.readTflite(require("node:fs").readFileSync(${JSON.stringify(largeModel)}));
  library.loadModel(model).run([new Int8Array(96 * 96)]);`;

function nodeFiles(): string[] {
  const { "node-red": parts } = JSON.parse(readFileSync(packagePath("package.json"), "utf8"));
  const files: string[] = Object.values({ ...parts.nodes, ...parts.plugins });
  return files.map((file) => packagePath(file));
}

/** What a fresh process pays for loading a library, and then for its first prediction. */
export async function measureStartup(): Promise<Section> {
  const folder = await mkdtemp(join(tmpdir(), "tinyml-bench-"));
  try {
    const model = untrained(potentiometer());
    const layers = denseLayers(model);
    const tfliteFile = join(folder, "model.tflite");
    const onnxFile = join(folder, "model.onnx");
    await writeFile(tfliteFile, library.writeTflite(model));
    await writeFile(onnxFile, writeOnnx(layers));
    const resolve = (name: string) => JSON.stringify(require.resolve(name));
    const shapes = layers.map(({ units, activation }) => ({ units, activation }));
    const processes = [
      { name: "bare Node", load: "", predict: "" },
      {
        name: "ours, dist/lib.js",
        load: `const library = require(${JSON.stringify(libraryFile)});`,
        predict: `
          const bytes = require("node:fs").readFileSync(${JSON.stringify(tfliteFile)});
          library.createPredictor(library.readTflite(bytes)).predict([0.5]);`,
      },
      {
        name: "ours, all nodes registered",
        load: registerAll,
        predict: "",
      },
      {
        name: "the same in a process that has loaded Node-RED",
        before: `require(${JSON.stringify(packagePath("node_modules", "node-red"))});`,
        load: registerAll,
        predict: "",
      },
      {
        name: "ours, then a model of 300 kB",
        load: `const library = require(${JSON.stringify(libraryFile)});`,
        predict: existsSync(largeModel) ? readAndRun : "",
      },
      {
        name: "the same, while a predict node waits for a model",
        before: `require(${JSON.stringify(libraryFile)}).warmUp();`,
        load: `const library = require(${JSON.stringify(libraryFile)});`,
        predict: existsSync(largeModel) ? readAndRun : "",
      },
      {
        name: "tfjs 4.22 (cpu)",
        load: `const tf = require(${resolve("@tensorflow/tfjs")}); await tf.ready();`,
        predict: `
          const layers = ${JSON.stringify(shapes)}.map((layer, i) => tf.layers.dense(i ? layer : { ...layer, inputShape: [1] }));
          tf.sequential({ layers }).predict(tf.tensor2d([[0.5]])).dataSync();`,
      },
      {
        name: "onnxruntime-node 1.30",
        load: `const ort = require(${resolve("onnxruntime-node")});`,
        predict: `
          const session = await ort.InferenceSession.create(${JSON.stringify(onnxFile)});
          await session.run({ x: new ort.Tensor("float32", Float32Array.of(0.5), [1, 1]) });`,
      },
    ];
    const found: Start[][] = processes.map(() => []);
    for (let i = 0; i < starts; i++) {
      for (const [at, { before = "", load, predict }] of processes.entries()) {
        found[at].push(await startOnce(before, load, predict));
      }
    }
    const of = (at: number, key: keyof Start) => median(found[at].map((start) => start[key]));
    const bare = { load: of(0, "memory"), predict: of(0, "memoryWithPrediction") };
    const megabytes = (bytes: number) => digits(bytes / 2 ** 20);
    const cheap = (what: string, at: number): Check[] => {
      const milliseconds = of(at, "milliseconds");
      const memory = (of(at, "memory") - bare.load) / 2 ** 20;
      return [
        { what: `${what} takes 10 ms`, passed: milliseconds <= 10, measured: `${digits(milliseconds)} ms` },
        { what: `${what} takes 5 MiB`, passed: memory <= 5, measured: `${digits(memory)} MiB` },
      ];
    };
    const largeChecks = existsSync(largeModel)
      ? [
          { where: "in a fresh process", first: of(4, "firstPrediction") },
          { where: "in a flow that waits for it", first: of(5, "firstPrediction") },
        ]
      : [];
    return {
      title: "Start",
      tables: [
        {
          caption: `Median of ${starts} fresh processes, as of this machine; memory is resident memory over bare Node's.`,
          columns: ["", "load, ms", "load, MiB", "first prediction, ms", "with prediction, MiB"],
          rows: processes
            .slice(1)
            .map(({ name }, i) => [
              name,
              digits(of(i + 1, "milliseconds")),
              megabytes(of(i + 1, "memory") - bare.load),
              digits(of(i + 1, "firstPrediction")),
              megabytes(of(i + 1, "memoryWithPrediction") - bare.predict),
            ]),
        },
      ],
      notes: [
        "The first prediction includes reading the model and, with ours, loading the code for it and compiling the kernels.",
        "Nodes are registered with a stand-in for Node-RED that only takes note; memory is what the process has beyond what it had before, over bare Node's.",
      ],
      checks: [
        ...cheap("loading dist/lib.js", 1),
        ...cheap("registering all nodes", 2),
        ...cheap("registering all nodes in Node-RED", 3),
        ...largeChecks.map(({ where, first }) => ({
          what: `a model of 300 kB is loaded and run in 30 ms ${where}`,
          passed: first < 30,
          measured: `${digits(first)} ms`,
        })),
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startOnce(before: string, load: string, predict: string): Promise<Start> {
  const script = `(async () => {
    ${before}
    const { rss } = process.memoryUsage;
    const memoryBefore = rss();
    const start = performance.now();
    ${load}
    const loaded = performance.now();
    const memory = rss() - memoryBefore;
    const loadedAndMeasured = performance.now();
    ${predict}
    const predicted = performance.now();
    const memoryWithPrediction = rss() - memoryBefore;
    console.log("\\n" + JSON.stringify({
      milliseconds: loaded - start, memory, firstPrediction: predicted - loadedAndMeasured, memoryWithPrediction,
    }));
    process.exit(0);
  })();`;
  const { stdout } = await run(process.execPath, ["--eval", script]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
