import { commandOf, describe, type SampleEntry, TinymlError } from "../lib";
import { type SamplesConfig, splits } from "./config";

/**
 * The samples that a message chooses by `msg.id` (a number or a list of numbers), `msg.label` and `msg.split`, or else the settings by label and split. Where it
 * `must` say which, one that says nothing is refused, so that nobody deletes everything by mistake.
 * @throws TinymlError TINYML_UNKNOWN_SAMPLE, TINYML_UNKNOWN_COMMAND for a side of the split that there is not
 */
export function selectionOf(
  samples: readonly SampleEntry[],
  message: object,
  config: Pick<SamplesConfig, "label" | "split">,
  must: boolean,
): readonly SampleEntry[] {
  const { id, label, split }: { id?: unknown; label?: unknown; split?: unknown } = message;
  if (id !== undefined) return byIds(samples, id);
  const wantedLabel = isSaid(label) ? labelOf(label) : config.label;
  const wantedSplit = isSaid(split) ? commandOf(split, "split", splits) : config.split;
  if (must && wantedLabel === "" && wantedSplit === "any") {
    throw new TinymlError(
      "TINYML_UNKNOWN_SAMPLE",
      "Say which samples are meant: by msg.id (a number or a list of numbers), or by a label or a side of the split.",
    );
  }
  return samples.filter(
    (sample) =>
      (wantedLabel === "" || sample.label === wantedLabel) && (wantedSplit === "any" || sample.split === wantedSplit),
  );
}

function byIds(samples: readonly SampleEntry[], wanted: unknown): readonly SampleEntry[] {
  const ids: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  const byId = new Map<unknown, SampleEntry>(samples.map((sample) => [sample.id, sample]));
  return [...new Set(ids)].map((id) => {
    const sample = byId.get(id);
    if (sample !== undefined) return sample;
    throw new TinymlError(
      "TINYML_UNKNOWN_SAMPLE",
      `The dataset has no such sample: msg.id is ${describe(id)}. List the samples, and take a number from there.`,
    );
  });
}

function labelOf(label: unknown): string {
  return typeof label === "string" ? label.trim() : String(label);
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}
