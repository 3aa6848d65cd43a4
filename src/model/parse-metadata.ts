import * as v from "valibot";
import { TinymlError } from "../errors";
import { METADATA_VERSION, type Metadata, metadataSchema } from "./metadata";

/**
 * Validates a model's metadata. Properties that this version does not know are left out of the result.
 *
 * @param value parsed JSON, or a Metadata object that is about to be written
 * @param where how messages name the place, such as "metadata TINYML_FLOWS"
 * @throws TinymlError TINYML_MODEL_UNSUPPORTED for a newer version, TINYML_MODEL_INVALID with the path of what is wrong
 */
export function parseMetadata(value: unknown, where: string): Metadata {
  const versioned = v.safeParse(v.object({ version: v.pipe(v.number(), v.minValue(METADATA_VERSION + 1)) }), value);
  if (versioned.success) {
    throw new TinymlError(
      "TINYML_MODEL_UNSUPPORTED",
      `The model was made by a newer TinyML Flows: ${where} has version ${versioned.output.version}, this package ` +
        `knows versions up to ${METADATA_VERSION}. Update the package.`,
    );
  }
  const parsed = v.safeParse(metadataSchema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  throw new TinymlError(
    "TINYML_MODEL_INVALID",
    `The model's description of itself is damaged: ${where}${path === null ? "" : `.${path}`}: ${issue.message}. ` +
      "Train or export the model again.",
  );
}
