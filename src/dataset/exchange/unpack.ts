import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { systemErrorCode } from "../../storage";
import { importError, type NamedBytes, type UnpackBudget } from "./named-bytes";
import { isTar, readTar } from "./read-tar";
import { isZip, readZip } from "./read-zip";

/** How deep archives may lie in one another: a zip archive with one per class, and one level to spare. */
const deepest = 3;

/**
 * The files themselves, those in zip, tar and gzip archives unpacked. The path of a file in an archive that lies beside others, or in another
 * archive, begins with that archive's name without its ending: there it tells a class. What hides from people (names that begin with a
 * dot, what systems leave in folders) is left out.
 *
 * @throws TinymlError TINYML_IMPORT_INVALID as readZip and readTar, and for archives that lie too deep in one another
 */
export async function unpack(files: readonly NamedBytes[], budget: UnpackBudget): Promise<NamedBytes[]> {
  const found = files.length === 1 ? (await open(files[0], budget, 0)).files : await unpackAll(files, budget, 0);
  return found.filter(({ name }) => !isHidden(name));
}

/** Whether people don't see an entry, or their systems left it. */
function isHidden(name: string): boolean {
  const parts = name.split("/");
  const left = ["thumbs.db", "desktop.ini"].includes(parts.at(-1)?.toLowerCase() ?? "");
  return left || parts[0] === "__MACOSX" || parts.some((part) => part.startsWith("."));
}

async function unpackAll(files: readonly NamedBytes[], budget: UnpackBudget, depth: number): Promise<NamedBytes[]> {
  const found: NamedBytes[] = [];
  for (const file of files) {
    const opened = await open(file, budget, depth);
    const folder = opened.isArchive ? `${stemOf(file.name)}/` : "";
    for (const { name, bytes } of opened.files) found.push({ name: folder + name, bytes });
  }
  return found;
}

/** What is in a file: its entries where it is an archive, else the file itself, not compressed any more. */
async function open(
  file: NamedBytes,
  budget: UnpackBudget,
  depth: number,
): Promise<{ files: NamedBytes[]; isArchive: boolean }> {
  const plain = file.bytes[0] === 0x1f && file.bytes[1] === 0x8b ? await ungzip(file, budget) : file;
  const isArchive = isZip(plain.bytes) || isTar(plain.bytes);
  if (!isArchive) return { files: [plain], isArchive };
  if (depth >= deepest) throw importError(file.name, "it lies too deep in other archives. Unpack it first");
  const entries = isZip(plain.bytes) ? await readZip(plain, budget) : await readTar(plain, budget);
  return { files: await unpackAll(entries, budget, depth + 1), isArchive };
}

async function ungzip({ name, bytes }: NamedBytes, budget: UnpackBudget): Promise<NamedBytes> {
  try {
    const unpacked = await promisify(gunzip)(bytes, { maxOutputLength: budget.left + 1 });
    budget.claim(name, unpacked.length);
    return { name: name.replace(/\.gz$/i, ""), bytes: unpacked };
  } catch (error) {
    const isTooMuch = systemErrorCode(error) === "ERR_BUFFER_TOO_LARGE";
    if (isTooMuch) budget.claim(name, budget.left + 1);
    if (systemErrorCode(error).startsWith("Z_")) throw importError(name, "it can't be unpacked", error);
    throw error;
  }
}

/** A path without the ending of an archive: "yes-samples.zip" holds the class "yes". */
function stemOf(name: string): string {
  return name.replace(/\.(zip|tm|tgz|tar(\.gz)?)$/i, "").replace(/-samples$/i, "");
}
