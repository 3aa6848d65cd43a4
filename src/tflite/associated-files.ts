import { unzipSync, zipSync } from "../zip";

/*
 * Files that travel with a model: TensorFlow Lite's libraries look for labels and vocabularies in a zip archive behind
 * the model's own bytes, which a flatbuffer's readers do not look at.
 */

/** The file of labels in the archive. */
export const LABELS_FILE = "labels.txt";

/** What an archive may unpack to; the vocabularies of public models have a few hundred kilobytes. */
const MAXIMUM_BYTES = 64 * 2 ** 20;

/** The end record of a zip archive without a comment: its signature and its length. */
const END_RECORD = { signature: 0x06054b50, bytes: 22 };

/** Where fields lie in the end record, and in the directory's entries. */
const FIELDS = { entries: 10, directoryBytes: 12, directory: 16, nameBytes: 28, file: 42, entryBytes: 46 };

/**
 * The files behind a model; undefined where there are none, or no archive that can be read.
 * @param withoutLabels leaves out labels.txt, which the writer makes anew from our metadata
 */
export function readAssociatedFiles(
  bytes: Uint8Array,
  withoutLabels: boolean,
): Readonly<Record<string, Uint8Array>> | undefined {
  const end = bytes.byteLength - END_RECORD.bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (end < 0 || view.getUint32(end, true) !== END_RECORD.signature) return undefined;
  // offsets count from the start of the file, or of the archive
  const directory = end - view.getUint32(end + FIELDS.directoryBytes, true);
  const start = directory - view.getUint32(end + FIELDS.directory, true);
  if (directory < 0 || start < 0) return undefined;
  let left = MAXIMUM_BYTES;
  try {
    const files = unzipSync(bytes.subarray(start), {
      filter: ({ name, originalSize }) => {
        left -= originalSize;
        return left >= 0 && !(withoutLabels && name === LABELS_FILE);
      },
    });
    // what was filled in is a copy, and shares no memory with the file
    const entries = Object.entries(files).map(([name, content]) => [name, content.slice()] as const);
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  } catch {
    return undefined;
  }
}

/**
 * The model file with a zip archive of files behind it, if there are any, stored without compression, because their
 * readers use them in place. The same files give the same bytes: their date is always 1 January 1980.
 */
export function appendFiles(file: Uint8Array, files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  if (Object.keys(files).length === 0) return file;
  const zip = zipSync({ ...files }, { level: 0, mtime: new Date(1980, 0, 1) });
  rebase(zip, file.byteLength);
  const whole = new Uint8Array(file.byteLength + zip.byteLength);
  whole.set(file);
  whole.set(zip, file.byteLength);
  return whole;
}

/** Makes an archive's offsets count from the start of what it is appended to, as strict readers want. */
function rebase(zip: Uint8Array, start: number): void {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const move = (field: number): void => view.setUint32(field, view.getUint32(field, true) + start, true);
  const end = zip.byteLength - END_RECORD.bytes;
  let entry = view.getUint32(end + FIELDS.directory, true);
  move(end + FIELDS.directory);
  for (let left = view.getUint16(end + FIELDS.entries, true); left > 0; left--) {
    move(entry + FIELDS.file);
    // an entry is followed by its name, extra field and comment
    const [name, extra, comment] = [0, 2, 4].map((offset) => view.getUint16(entry + FIELDS.nameBytes + offset, true));
    entry += FIELDS.entryBytes + name + extra + comment;
  }
}
