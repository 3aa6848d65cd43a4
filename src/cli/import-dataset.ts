import path from "node:path";
import { importSamples } from "../dataset/exchange/import-samples";
import type { ImportOptions } from "../dataset/exchange/imported";
import { storeSamples } from "../dataset/exchange/store-samples";
import { importProject } from "../project";
import { type ParsedArguments, usage } from "./arguments";
import type { Report } from "./command";
import { readBytes } from "./files";

type Options = ParsedArguments<string, string>;

/** `tinyml import DATA --dataset FOLDER`: the samples of other tools become those of a dataset. */
export async function importIntoDataset(options: Options, folder: string): Promise<Report> {
  const imported = await importSamples(options.file, optionsOf(options));
  const ids = await storeSamples(path.resolve(folder), imported);
  const { kind, task, channels } = imported.description;
  const counts = new Map<string, number>();
  for (const { label } of imported.samples) {
    if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const perLabel = Object.fromEntries(counts);
  const passedOver = imported.passedOver.length;
  const lines = [
    `${folder}: ${ids.length} samples (${kind}, ${channels.map(({ name }) => name).join(", ")})`,
    ...(counts.size > 0 ? [Array.from(counts, ([label, count]) => `${label}: ${count}`).join(", ")] : []),
    ...(passedOver > 0 ? [`${passedOver} files were passed over (${imported.passedOver.slice(0, 3).join(", ")})`] : []),
  ];
  return {
    json: { dataset: folder, samples: ids.length, kind, task, perLabel, passedOver: imported.passedOver },
    text: lines.join("\n"),
    asJson: options.flag("json"),
  };
}

/** `tinyml import PROJECT.zip --project FOLDER`: datasets and models of a project are stored; its flow is for Node-RED's editor. */
export async function importWholeProject(options: Options, folder: string): Promise<Report> {
  const archive = { name: path.basename(options.file), bytes: await readBytes(options.file) };
  const { datasets, models, flows } = await importProject(path.resolve(folder), archive, {
    rename: options.flag("rename"),
  });
  const lines = [
    ...datasets.map((each) => ({ ...each, what: "dataset" })),
    ...models.map((each) => ({ ...each, what: "model" })),
  ];
  return {
    json: { project: folder, datasets, models, nodes: flows.length },
    text: [
      `${folder}: ${datasets.length} datasets, ${models.length} models`,
      ...lines.map(
        ({ what, name, storedAs }) => `${what} ${name}${name === storedAs ? "" : `, stored as ${storedAs}`}`,
      ),
    ].join("\n"),
    asJson: options.flag("json"),
  };
}

function optionsOf(options: Options): ImportOptions {
  const label = options.value("label");
  const rateHz = numberOf("rate", options.value("rate"));
  const targets = numberOf("targets", options.value("targets"));
  if (targets !== undefined && !Number.isInteger(targets)) throw usage("--targets takes a whole number of columns.");
  return {
    ...(label !== undefined && { label }),
    ...(rateHz !== undefined && { rateHz }),
    ...(targets !== undefined && { targets, task: "regression" }),
    ...(options.flag("recordings") && { recordings: true }),
  };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number) || number <= 0) {
    throw usage(`--${name} takes a number above 0, not "${text}".`);
  }
  return number;
}
