import { Builder } from "flatbuffers";
import type { Model } from "../model/model";
import { LABELS_FILE } from "./associated-files";
import { slots } from "./schema";

/*
 * TensorFlow Lite's own way to carry labels: a flatbuffer in the metadata buffer TFLITE_METADATA names a file of labels
 * for the output tensor, and that file lies in a zip archive behind the model. Its Task library and Android's read it.
 * Facts of the metadata's schema, version 1 (file identifier M001).
 */

const IDENTIFIER = "M001";

/** The lowest version of the metadata's schema that has all that is written here. */
const MINIMUM_PARSER_VERSION = "1.0.0";

/** AssociatedFileType.TENSOR_AXIS_LABELS: one line per index of the tensor's last axis. */
const TENSOR_AXIS_LABELS = 2;

const MODEL_METADATA = slots(
  "name",
  "description",
  "version",
  "subgraph_metadata",
  "author",
  "license",
  "associated_files",
  "min_parser_version",
);

const SUBGRAPH_METADATA = slots(
  "name",
  "description",
  "input_tensor_metadata",
  "output_tensor_metadata",
  "associated_files",
  "input_process_units",
  "output_process_units",
);

const TENSOR_METADATA = slots(
  "name",
  "description",
  "dimension_names",
  "content",
  "process_units",
  "stats",
  "associated_files",
);

const ASSOCIATED_FILE = slots("name", "description", "type", "locale");

/** The metadata flatbuffer of a classification model: its name, its inputs' and outputs' names, its labels' file. */
export function encodeLabelMetadata(model: Model): Uint8Array {
  const builder = new Builder(1024);
  const vector = (offsets: readonly number[]) => {
    builder.startVector(4, offsets.length, 4);
    for (const offset of offsets.toReversed()) builder.addOffset(offset);
    return builder.endVector();
  };
  const tensor = (index: number, files: number) => {
    const name = builder.createSharedString(model.tensors[index]?.name ?? "");
    builder.startObject(Object.keys(TENSOR_METADATA).length);
    builder.addFieldOffset(TENSOR_METADATA.name, name, 0);
    builder.addFieldOffset(TENSOR_METADATA.associated_files, files, 0);
    return builder.endObject();
  };

  const fileName = builder.createString(LABELS_FILE);
  builder.startObject(Object.keys(ASSOCIATED_FILE).length);
  builder.addFieldOffset(ASSOCIATED_FILE.name, fileName, 0);
  builder.addFieldInt8(ASSOCIATED_FILE.type, TENSOR_AXIS_LABELS, 0);
  const files = vector([builder.endObject()]);

  const inputs = vector(model.inputs.map((index) => tensor(index, 0)));
  // the labels belong to the first output, as everywhere in this package
  const outputs = vector(model.outputs.map((index, i) => tensor(index, i === 0 ? files : 0)));
  builder.startObject(Object.keys(SUBGRAPH_METADATA).length);
  builder.addFieldOffset(SUBGRAPH_METADATA.input_tensor_metadata, inputs, 0);
  builder.addFieldOffset(SUBGRAPH_METADATA.output_tensor_metadata, outputs, 0);
  const subgraphs = vector([builder.endObject()]);

  const name = builder.createString(model.metadata?.name ?? "");
  const description = builder.createSharedString(model.description);
  const version = builder.createString(MINIMUM_PARSER_VERSION);
  builder.startObject(Object.keys(MODEL_METADATA).length);
  builder.addFieldOffset(MODEL_METADATA.name, name, 0);
  builder.addFieldOffset(MODEL_METADATA.description, description, 0);
  builder.addFieldOffset(MODEL_METADATA.subgraph_metadata, subgraphs, 0);
  builder.addFieldOffset(MODEL_METADATA.min_parser_version, version, 0);
  builder.finish(builder.endObject(), IDENTIFIER);
  return builder.asUint8Array();
}

/** labels.txt of a model that has labels: one a line. */
export function labelFiles({ metadata }: Model): Record<string, Uint8Array> {
  if (metadata?.labels === undefined) return {};
  const lines = metadata.labels.map((label) => `${label.replace(/[\r\n]+/g, " ")}\n`);
  return { [LABELS_FILE]: new TextEncoder().encode(lines.join("")) };
}
