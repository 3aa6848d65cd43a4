import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { library, libraryFile } from "../library";
import { median } from "../measure";
import { denseLayers, potentiometer, untrained } from "../networks";
import { writeOnnx } from "../peers/onnx";
import { digits, type Section } from "../report";

const run = promisify(execFile);
const starts = 15;

interface Start {
  milliseconds: number;
  /** Resident memory beyond what the bare process has, bytes. */
  memory: number;
  firstPrediction: number;
  memoryWithPrediction: number;
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
      for (const [at, { load, predict }] of processes.entries()) found[at].push(await startOnce(load, predict));
    }
    const of = (at: number, key: keyof Start) => median(found[at].map((start) => start[key]));
    const bare = { load: of(0, "memory"), predict: of(0, "memoryWithPrediction") };
    const megabytes = (bytes: number) => digits(bytes / 2 ** 20);
    const ours = { milliseconds: of(1, "milliseconds"), memory: (of(1, "memory") - bare.load) / 2 ** 20 };
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
      notes: ["The first prediction includes reading the model and, with ours, compiling the kernels."],
      checks: [
        {
          what: "ours is loaded in 10 ms",
          passed: ours.milliseconds <= 10,
          measured: `${digits(ours.milliseconds)} ms`,
        },
        { what: "ours takes 5 MiB over bare Node", passed: ours.memory <= 5, measured: `${digits(ours.memory)} MiB` },
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startOnce(load: string, predict: string): Promise<Start> {
  const script = `(async () => {
    const { rss } = process.memoryUsage;
    const start = performance.now();
    ${load}
    const loaded = performance.now();
    const memory = rss();
    const before = performance.now();
    ${predict}
    const predicted = performance.now();
    const memoryWithPrediction = rss();
    console.log("\\n" + JSON.stringify({
      milliseconds: loaded - start, memory, firstPrediction: predicted - before, memoryWithPrediction,
    }));
    process.exit(0);
  })();`;
  const { stdout } = await run(process.execPath, ["--eval", script]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
