import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as esbuild from "esbuild";
import { linkPackage, startNodeRed } from "../../build/node-red";
import { library } from "../library";
import type { MemorySample, MessageFindings, SourceSettings } from "../message-nodes";
import { potentiometer } from "../networks";
import { digits, type Section } from "../report";

const rate = 5000;
const seconds = 60;
const maximumSeconds = 5;

/** tinyml-predict in a real Node-RED: the fastest it goes, and a minute of 5,000 messages a second. */
export async function measureMessages(): Promise<Section> {
  const findings = await runNodeRed();
  const { memory } = findings;
  const quarter = (from: number) => {
    const samples = memory.slice(Math.round(from * memory.length), Math.round((from + 0.25) * memory.length));
    const mean = (of: (sample: MemorySample) => number) =>
      samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length / 2 ** 20;
    return { rss: mean((s) => s.rss), heapUsed: mean((s) => s.heapUsed), arrayBuffers: mean((s) => s.arrayBuffers) };
  };
  const quarters = [0, 0.25, 0.5, 0.75].map(quarter);
  const growth = (key: "rss" | "heapUsed" | "arrayBuffers") => quarters[3][key] - quarters[1][key];
  const megabytes = (value: number) => value.toFixed(2);
  return {
    title: "Messages through tinyml-predict",
    tables: [
      {
        caption: "Messages per second at most, in a Node-RED of its own; shares first, rates as of this machine.",
        columns: ["", "share", "messages per second"],
        rows: [
          ["source to sink, nothing between", "100 %", digits(findings.directRate)],
          [
            "source to tinyml-predict to sink",
            `${Math.round((100 * findings.nodeRate) / findings.directRate)} %`,
            digits(findings.nodeRate),
          ],
        ],
      },
      {
        caption: `${digits(rate)} messages per second for ${seconds} s: memory after garbage collections in MiB, means of each quarter.`,
        columns: ["", "first", "second", "third", "fourth"],
        rows: [
          ["rss", ...quarters.map(({ rss }) => megabytes(rss))],
          ["heapUsed", ...quarters.map(({ heapUsed }) => megabytes(heapUsed))],
          ["arrayBuffers", ...quarters.map(({ arrayBuffers }) => megabytes(arrayBuffers))],
        ],
      },
    ],
    notes: [
      `Under the steady load the process took ${Math.round(100 * findings.processorShare)} % of a core (source, sink and forced collections included); a message took ${digits(findings.latency.p50)} µs from source to sink (p95 ${digits(findings.latency.p95)} µs; beyond that are those that waited for a forced collection); event loop delay p99 ${digits(findings.eventLoopP99)} ms.`,
    ],
    checks: [
      {
        what: `${digits(rate)} messages per second for ${seconds} s, none lost and none late by more than a second`,
        passed: findings.arrived === rate * seconds && findings.seconds < seconds + 1,
        measured: `${digits(findings.arrived)} of ${digits(findings.sent)} in ${digits(findings.seconds)} s`,
      },
      {
        // A byte a message that stays would be 0.14 MiB between the quarters.
        what: "memory flat: from the second quarter to the fourth heapUsed and arrayBuffers grow by less than 1 MiB, rss by less than 5",
        passed: growth("heapUsed") < 1 && growth("arrayBuffers") < 1 && growth("rss") < 5,
        measured: `${megabytes(growth("heapUsed"))}, ${megabytes(growth("arrayBuffers"))} and ${megabytes(growth("rss"))} MiB`,
      },
    ],
  };
}

async function runNodeRed(): Promise<MessageFindings> {
  const userFolder = await mkdtemp(join(tmpdir(), "tinyml-bench-"));
  try {
    const { recipe, table, name } = potentiometer();
    const modelFile = join(userFolder, "model.tflite");
    const resultFile = join(userFolder, "findings.json");
    await writeFile(modelFile, library.writeTflite(library.trainRecipe({ recipe, table, name })));
    await linkPackage(userFolder);
    await installBenchNodes(join(userFolder, "nodes"));
    const settings: SourceSettings = { modelFile, resultFile, maximumSeconds, rate, seconds };
    const flows = [
      { id: "flow", type: "tab", label: "bench" },
      { id: "source", type: "bench-source", z: "flow", ...settings, wires: [["predict"], ["sink"]] },
      { id: "predict", type: "tinyml-predict", z: "flow", name: "", model: "", onlyLabel: false, wires: [["sink"]] },
      { id: "sink", type: "bench-sink", z: "flow", wires: [] },
    ];
    const nodeRed = await startNodeRed({ userFolder, flows });
    try {
      const end = performance.now() + 1000 * (4 * maximumSeconds + 2 * seconds + 30);
      for (;;) {
        const text = await readFile(resultFile, "utf8").catch(() => "");
        if (text.endsWith("}")) {
          if (nodeRed.log().includes("[error]")) throw new Error(`Node-RED reported errors:\n${nodeRed.log()}`);
          return JSON.parse(text);
        }
        if (performance.now() > end) throw new Error(`No findings from Node-RED. It printed:\n${nodeRed.log()}`);
        await sleep(500);
      }
    } finally {
      await nodeRed.stop();
    }
  } finally {
    await rm(userFolder, { recursive: true, force: true });
  }
}

/** The bench's two nodes as Node-RED wants them: plain JavaScript and a page for the editor. */
async function installBenchNodes(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await esbuild.build({
    entryPoints: [join(__dirname, "..", "message-nodes.ts")],
    outfile: join(folder, "bench.js"),
    bundle: true,
    platform: "node",
    format: "cjs",
    footer: { js: "module.exports = module.exports.register;" },
  });
  await writeFile(join(folder, "bench.html"), "<script></script>\n");
}
