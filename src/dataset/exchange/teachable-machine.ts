import { asObject } from "./imported";
import { importError, type NamedBytes, parseDocument } from "./named-bytes";

/** The file in a project of Teachable Machine that says what it is. */
const manifestName = "manifest.json";

/** How the samples of a class are called there: "Class 1-!-12.jpg". */
const sampleName = /^(.+)-!-\d+\.(jpe?g|png|webp)$/i;

/** Whether unpacked files are a project that Teachable Machine saved (a .tm file is a zip archive). */
export function isTeachableMachine(files: readonly NamedBytes[]): boolean {
  const manifest = files.find(({ name }) => name === manifestName);
  if (manifest === undefined) return false;
  return files.some(({ name }) => sampleName.test(name)) || readType(manifest) !== undefined;
}

/**
 * The pictures of a Teachable Machine project, each in the folder of its class. Those of a pose project are pictures too; the poses that it
 * finds in them are not in the file.
 * @throws TinymlError TINYML_IMPORT_INVALID for a sound project, whose sounds are kept in a form that only its makers document
 */
export function readTeachableMachine(files: readonly NamedBytes[], source: string): NamedBytes[] {
  const manifest = files.find(({ name }) => name === manifestName);
  const type = manifest && readType(manifest);
  if (type !== "image" && type !== "pose") {
    throw importError(
      source,
      `it is a Teachable Machine project of the type ${JSON.stringify(type)}. Only those of pictures and poses are read: their samples are JPEG files. Record sounds as WAV files, a folder per label`,
    );
  }
  return files
    .filter((file) => file !== manifest)
    .map(({ name, bytes }) => {
      const label = sampleName.exec(name)?.[1];
      // A label may have a "/" of its own; the path below it is what the importer takes for folders.
      return { name: label === undefined ? name : `${label.replaceAll("/", "∕")}/${name.split("/").at(-1)}`, bytes };
    });
}

function readType(file: NamedBytes): string | undefined {
  try {
    const { type, version, appdata } = asObject(parseDocument(file), file.name, "its content");
    return typeof type === "string" && typeof version === "string" && appdata !== undefined ? type : undefined;
  } catch {
    return undefined;
  }
}
