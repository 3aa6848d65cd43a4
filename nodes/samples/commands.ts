import {
  answerOf,
  assertExportFormat,
  assignSplits,
  type Dataset,
  type DatasetSource,
  describe,
  exportDataset,
  exportFormats,
  hasEnded,
  importInto,
  type Message,
  type NamedBytes,
  type SampleEntry,
  type Send,
  type StoredSample,
  TinymlError,
} from "../lib";
import type { SamplesCommand, SamplesConfig } from "./config";
import { selectionOf } from "./selection";

/** What a command works on, and where its result goes. */
export interface CommandContext {
  message: Message;
  config: SamplesConfig;
  send: Send;
  /** Where a file is that a message names. */
  locate(path: string): string;
}

/**
 * Carries a command out on a dataset, and sends its result on. Gives how many samples it was about.
 * @throws TinymlError TINYML_UNKNOWN_SAMPLE when the message names samples that are not there, or none where it must; and what the dataset throws
 */
export async function runCommand(
  command: SamplesCommand,
  source: DatasetSource,
  { message, config, send, locate }: CommandContext,
): Promise<number> {
  const dataset = await source.open();
  const select = (from: "stored" | "deleted" = "stored") => selectSamples(dataset, message, config, from);
  const answer = (payload: unknown, more: object = {}) => send({ ...message, ...more, payload, topic: source.name });
  switch (command) {
    case "list": {
      const samples = await select();
      answer(samples);
      return samples.length;
    }
    case "read": {
      const ended = (await select()).filter((entry) => hasEnded(dataset.description, entry));
      return replay(dataset, ended, message, send);
    }
    case "relabel": {
      // The message's label is the new one, so it can't choose the samples.
      const ids = idsOf(await selectSamples(dataset, { ...message, label: undefined }, config, "stored", true));
      await dataset.relabel(ids, answerOf(source.task, propertyOf(message, "label")));
      answer({ command, ids });
      return ids.length;
    }
    case "delete": {
      const ids = idsOf(await selectSamples(dataset, message, config, "stored", true));
      await dataset.remove(ids);
      answer({ command, ids });
      return ids.length;
    }
    case "restore": {
      const ids = idsOf(await select("deleted"));
      await dataset.restore(ids);
      answer({ command, ids });
      return ids.length;
    }
    case "split": {
      const samples = await dataset.samples();
      const { validation, test, seed } = config;
      const sides = assignSplits(samples, source.task, { validation: validation / 100, test: test / 100, seed });
      await dataset.assignSplits(sides);
      const { training, ...others } = sides;
      answer({
        command,
        training: training.length,
        validation: others.validation.length,
        test: others.test.length,
      });
      return samples.length;
    }
    case "export": {
      await dataset.flush();
      const wanted = propertyOf(message, "format") ?? config.format;
      const format = assertExportFormat(typeof wanted === "string" ? wanted : describe(wanted));
      const pieces: Uint8Array[] = [];
      for await (const piece of exportDataset(dataset.folder, format)) pieces.push(piece);
      answer(Buffer.concat(pieces), { filename: `${source.name}${exportFormats[format].ending}` });
      return dataset.count;
    }
    case "import": {
      const label = propertyOf(message, "label");
      const { ids, passedOver } = await importInto(
        dataset.folder,
        importSourceOf(message, locate),
        typeof label === "string" && label !== "" ? { label } : {},
      );
      answer({ command, ids, passedOver });
      return ids.length;
    }
  }
}

/** Sends what samples hold, one message after another, as the nodes that record and learn take it. */
async function replay(
  dataset: Dataset,
  samples: readonly SampleEntry[],
  message: Message,
  send: Send,
): Promise<number> {
  for (const [index, { id }] of samples.entries()) {
    const stored = await dataset.readSample(id);
    const { entry } = stored;
    send({
      ...message,
      ...contentOf(dataset, stored),
      label: entry.label ?? entry.targets,
      topic: entry.source ?? "",
      sample: entry,
      parts: { id: message._msgid, index, count: samples.length },
    });
  }
  return samples.length;
}

function contentOf({ description }: Dataset, { values, shape, file }: StoredSample): object {
  const { kind, channels, rateHz } = description;
  if (kind === "image") return { payload: Buffer.from(file?.bytes ?? []) };
  if (kind === "table") return { payload: Array.from(values) };
  const window = { shape, ...(rateHz !== undefined && { rateHz }), channels: channels.map(({ name }) => name) };
  return { payload: values, window };
}

/** The file that a message brings, or the path of one on this computer. */
function importSourceOf(message: Message, locate: CommandContext["locate"]): string | readonly NamedBytes[] {
  const { payload } = message;
  if (typeof payload === "string" && payload.trim() !== "") return locate(payload.trim());
  if (payload instanceof Uint8Array) {
    const name = propertyOf(message, "filename");
    return [{ name: typeof name === "string" && name !== "" ? name : "msg.payload", bytes: payload }];
  }
  throw new TinymlError(
    "TINYML_IMPORT_INVALID",
    `msg.payload must be a file (a buffer), or the path of a file or folder, but it is ${describe(payload)}.`,
  );
}

/** The samples that a message and the settings choose; where it `must` say which, a message that doesn't is refused. */
async function selectSamples(
  dataset: Dataset,
  message: object,
  config: SamplesConfig,
  from: "stored" | "deleted",
  must = false,
): Promise<readonly SampleEntry[]> {
  const all = await dataset.samples({ deleted: from === "deleted" });
  const candidates = from === "deleted" ? all.filter(({ deleted }) => deleted) : all;
  return selectionOf(candidates, message, config, must);
}

function idsOf(samples: readonly SampleEntry[]): number[] {
  return samples.map(({ id }) => id);
}

function propertyOf(message: object, name: string): unknown {
  return Object.entries(message).find(([key]) => key === name)?.[1];
}
