import { fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { buildPackage } from "../build/build-package";
import { nodeBinary } from "../test/support/machine";
import { checkText, type Section, sectionText } from "./report";

/*
 * `npm run bench`: builds the package, runs all sections one after the other and writes results.md.
 * `npm run bench -- prediction startup` runs these sections alone and prints them; results.md stays as it is.
 */

const allSections = [
  "training",
  "threads",
  "event-loop",
  "prediction",
  "models",
  "relaxed",
  "messages",
  "readings",
  "startup",
  "boards",
  "sizes",
];

async function main(): Promise<void> {
  const chosen = process.argv.slice(2);
  console.log("Building …");
  await buildPackage();
  const sections: Section[] = [];
  const loads: number[] = [];
  for (const name of chosen.length > 0 ? chosen : allSections) {
    console.log(`Measuring ${name} …`);
    loads.push(loadavg()[0]);
    const section = await runSection(name);
    for (const check of section.checks) console.log(`  ${checkText(check)}`);
    sections.push(section);
  }
  if (chosen.length > 0) {
    console.log(`\n${sections.map(sectionText).join("\n\n")}`);
    return;
  }
  const file = join(__dirname, "results.md");
  writeFileSync(file, results(sections, loads));
  console.log(`\nWritten to ${file}.`);
}

function runSection(name: string): Promise<Section> {
  return new Promise((resolve, reject) => {
    const child = fork(join(__dirname, "run-section.ts"), [name], {
      execArgv: ["--import", "tsx"],
      // Relaxed SIMD is not in every Node that the others may run in.
      execPath: name === "relaxed" ? nodeBinary(24) : process.execPath,
      serialization: "json",
    });
    child.once("message", (section: Section) => resolve(section));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The section ${name} ended with exit code ${code}.`)));
  });
}

function results(sections: readonly Section[], loads: readonly number[]): string {
  const processors = cpus();
  const checks = sections.flatMap((section) => section.checks);
  const missed = checks.filter(({ passed }) => !passed).length;
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${[
    "# Results",
    "Written by `npm run bench`; everything here was measured in one run. Milliseconds and bytes hold for the machine that they were measured on; ratios travel better.",
    `Machine: ${processors[0]?.model.trim()}, ${processors.length} cores, ${memory} GiB, ${process.platform} ${process.arch}, Node ${process.version}. Load average when the sections began: ${loads.map((load) => load.toFixed(1)).join(", ")}; each of them keeps about one core busy by itself, so more than 1 means that others were at work.`,
    `${checks.length - missed} of ${checks.length} targets met:`,
    checks.map((check) => `- ${checkText(check)}`).join("\n"),
    ...sections.map((section) => sectionText({ ...section, checks: [] })),
  ].join("\n\n")}\n`;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
