import { sampleShape } from "../src/dataset/table";
import { TinymlError } from "../src/errors";
import { parseFeatures, parseLayer, type Recipe } from "../src/training/recipe";
import { invalidRecipe } from "../src/training/recipe-error";
import type { Layer } from "../src/training/recipe-layers";
import { type RecipeSummary, summarizeRecipe } from "../src/training/summarize-recipe";
import type { DatasetSource } from "./datasets";
import { readNumber, storedSettings } from "./settings";

/** A network as the dialog of the training node knows it while it is edited. */
export interface NetworkRequest {
  /** The layers as the recipe has them, with the output layer; that of a classification is told its units by the dataset if it has 0. */
  layers: readonly unknown[];
  /** The recipe's features, of which those count that change a sample's shape. */
  features?: readonly unknown[];
  /** How samples are cut out of recordings, as the dialog's fields have it. */
  window?: string;
  stride?: string;
  /** Of a sample, where the editor knows it. */
  shape?: readonly number[];
  /** The configuration node whose deployed dataset tells the shape and the outputs otherwise. */
  dataset?: string;
}

/** What a network costs, and the shape that its samples have. */
export interface NetworkSummary extends RecipeSummary {
  shape: readonly number[];
  /** Numbers that the dataset asks for. */
  outputs: number;
}

/** More layers than any recipe has that a small computer trains: summarizing takes the time of the thread that runs the flows. */
const mostLayers = 200;

interface SampleFacts {
  shape: readonly number[];
  outputs: number;
}

/** What the samples of datasets are, which only reading tells; a dataset that is deployed anew is another object. */
const known = new WeakMap<DatasetSource, { windows: string; facts: Promise<SampleFacts> }>();

/**
 * What the network of a request costs, up to the first layer that does not fit.
 * @param find the deployed dataset of a configuration node
 * @throws TinymlError TINYML_RECIPE_INVALID when the request is none, and what reading the dataset fails with
 */
export async function describeNetwork(request: unknown, find: (id: string) => DatasetSource): Promise<NetworkSummary> {
  const { layers, features, shape, dataset, windows } = readRequest(request);
  const facts =
    shape === undefined ? await factsOf(find(dataset), windows) : { shape, outputs: unitsOf(layers.at(-1)) };
  const complete = [...layers.slice(0, -1), withUnits(layers.at(-1), facts.outputs)];
  const parsed: Layer[] = [];
  let fault: string | undefined;
  for (const layer of complete) {
    const read = parseLayer(layer);
    if (typeof read === "string") {
      fault = read;
      break;
    }
    parsed.push(read);
  }
  const summary = summarizeRecipe({ input: { shape: facts.shape }, features, layers: parsed });
  return { ...summary, ...facts, ...problemOf(summary, complete.length, fault) };
}

/** Which samples are cut out of recordings, as the training node's settings have it; 0 for what is not said. */
export function cutOf({ window, stride }: { window: number; stride: number }): Windows {
  // The dataset knows how many channels it has.
  return { ...(window > 0 && { shape: [window, 1] }), ...(stride > 0 && { stride }) };
}

/** What is wrong, at its layer, in words that need no path into the recipe. */
function problemOf(summary: RecipeSummary, count: number, fault: string | undefined): Pick<RecipeSummary, "problem"> {
  if (summary.problem !== undefined) {
    const { layer, message } = summary.problem;
    const [, setting = "", sentence = message] =
      /^The recipe's layers\.\d+\.?(\S*) is wrong: (.*)$/.exec(message) ?? [];
    return { problem: { layer, message: setting === "" ? sentence : `${setting}: ${sentence}` } };
  }
  if (fault !== undefined) return { problem: { layer: summary.layers.length, message: `${fault}.` } };
  const last = summary.layers.at(-1);
  if (last === undefined || last.shape.length === 1) return {};
  const pooling = last.shape.length === 2 ? "globalAveragePooling1d" : "globalAveragePooling2d";
  const message = `it gives [${last.shape.join(", ")}], not one row of numbers: add a flatten or ${pooling} layer above.`;
  return { problem: { layer: count - 1, message } };
}

async function factsOf(source: DatasetSource, options: Windows): Promise<SampleFacts> {
  const windows = JSON.stringify(options);
  const before = known.get(source);
  const facts = before?.windows === windows ? before.facts : readFacts(source, options);
  known.set(source, { windows, facts });
  // What could not be read may be there at the next try.
  facts.catch(() => {
    if (known.get(source)?.facts === facts) known.delete(source);
  });
  return facts;
}

async function readFacts(source: DatasetSource, windows: Windows): Promise<SampleFacts> {
  const table = await source.read(windows);
  const { task, labels, targets } = table;
  return { shape: sampleShape(table), outputs: (task === "classification" ? labels : targets)?.length ?? 1 };
}

type Windows = NonNullable<Parameters<DatasetSource["read"]>[0]>;

interface ReadRequest {
  layers: readonly unknown[];
  features: Recipe["features"];
  shape?: readonly number[];
  dataset: string;
  windows: Windows;
}

function readRequest(request: unknown): ReadRequest {
  const { layers, features, shape, dataset, ...fields }: Partial<Record<keyof NetworkRequest, unknown>> = isRecord(
    request,
  )
    ? request
    : {};
  if (!Array.isArray(layers) || layers.length === 0 || layers.length > mostLayers) {
    throw new TinymlError("TINYML_RECIPE_INVALID", `A network has 1 to ${mostLayers} layers.`);
  }
  const settings = storedSettings(fields);
  const field = (key: "window" | "stride"): number =>
    readNumber(settings, key, 0, { minimum: 0, maximum: 2 ** 22, whole: true });
  const read = {
    layers,
    features: parseFeatures(features),
    dataset: typeof dataset === "string" ? dataset : "",
    windows: cutOf({ window: field("window"), stride: field("stride") }),
  };
  if (shape === undefined) return read;
  const isShape = Array.isArray(shape) && shape.length > 0 && shape.length <= 3 && shape.every(isDimension);
  if (!isShape) throw invalidRecipe("input.shape", "one to three whole numbers are needed");
  return { ...read, shape };
}

/** The units of an output layer; 0 where it has none. */
function unitsOf(layer: unknown): number {
  return isRecord(layer) && isDimension(layer.units) ? layer.units : 0;
}

function withUnits(layer: unknown, units: number): unknown {
  return isRecord(layer) ? { ...layer, units } : layer;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDimension(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 2 ** 24;
}
