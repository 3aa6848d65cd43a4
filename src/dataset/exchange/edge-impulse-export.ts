import { TinymlError } from "../../errors";
import type { DatasetDescription } from "../description";
import { shortestDecimal } from "../sample-content";
import { infoLabels } from "./info-labels";
import type { NamedBytes } from "./named-bytes";
import type { StoredContent } from "./read-stored";

/** The signature of a file in the data acquisition format that nobody signed. */
const unsigned = "0".repeat(64);

/** What info.labels says of a sample's file. */
interface Listed {
  path: string;
  category: "training" | "testing" | "split";
  label: { type: "label"; label: string } | { type: "unlabeled" };
}

/**
 * The files of an export as Edge Impulse's uploader takes it: readings as unsigned JSON in its data acquisition format, sounds and pictures as they are, and
 * info.labels with label and side of each. What validates there is chosen anew, so it counts as training.
 * @throws TinymlError TINYML_CONFIG_INVALID for samples with several targets, which the format can't say
 */
export async function* acquisitionFiles(
  description: DatasetDescription,
  samples: AsyncIterable<StoredContent>,
): AsyncGenerator<NamedBytes> {
  if ((description.targets?.length ?? 1) > 1) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      "Edge Impulse's format holds one label or number per sample, but this dataset has several targets. Export it as zip or CSV.",
    );
  }
  const files: Listed[] = [];
  for await (const { entry, values, file } of samples) {
    const category = entry.split === undefined ? "split" : entry.split === "test" ? "testing" : "training";
    const label = entry.label ?? entry.targets?.[0]?.toString();
    const folder = category === "testing" ? "testing" : "training";
    const path = `${folder}/${entry.id}.${values === undefined ? file?.type : "json"}`;
    files.push({ path, category, label: label === undefined ? { type: "unlabeled" } : { type: "label", label } });
    const acquisition = values && {
      protected: { ver: "v1", alg: "none", iat: Math.floor(entry.time / 1000) },
      signature: unsigned,
      payload: {
        ...(entry.source !== undefined && { device_name: entry.source }),
        device_type: "TINYML_FLOWS",
        interval_ms: intervalOf(description),
        sensors: description.channels.map(({ name, unit }) => ({ name, units: unit === "" ? "N/A" : unit })),
        values: readingsOf(values, description.channels.length),
      },
    };
    yield { name: path, bytes: acquisition ? Buffer.from(JSON.stringify(acquisition)) : (file?.bytes ?? Buffer.of()) };
  }
  yield { name: infoLabels, bytes: Buffer.from(JSON.stringify({ version: 1, files })) };
}

/** Milliseconds between readings; 0 for rows of a table, and where nobody knows it, which the format can't say, one. */
function intervalOf({ kind, rateHz }: DatasetDescription): number {
  if (kind === "table") return 0;
  return rateHz === undefined ? 1 : 1000 / rateHz;
}

function readingsOf(values: Float32Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, reading) =>
    Array.from(values.subarray(reading * width, (reading + 1) * width), shortestDecimal),
  );
}
