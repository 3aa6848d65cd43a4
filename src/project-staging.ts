import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseStagedItems, type StagedItem } from "./project-list";
import { assertName, isMissing, syncFolder, systemErrorCode, writeFileAtomic } from "./storage";

/**
 * The file in an import's folder that lists what is staged there. It is there once all of it is, and from then on the import is finished,
 * whatever happens.
 */
const listFile = "staged.json";

/** The imports that this process works on. */
const active = new Set<string>();

/** After so many milliseconds nobody is importing any more, whatever process has the number of the one that did. */
const staleAfter = 60 * 60_000;

/**
 * Puts datasets and models into a storage folder, all or none, also when the process is killed: `stage` writes them, under their names in
 * `datasets` and `models`, into the folder that it is called with; then they are moved to their places.
 */
export async function storeStaged(
  storage: string,
  stage: (staging: string) => Promise<readonly StagedItem[]>,
): Promise<void> {
  // The number tells whether the process is still there.
  const id = `${process.pid}.${crypto.randomUUID()}`;
  const staging = join(storage, "imports", id);
  active.add(id);
  try {
    const items = await stage(staging);
    for (const kind of new Set(items.map((item) => item.kind))) await syncFolder(join(staging, kind));
    await writeFileAtomic(join(staging, listFile), JSON.stringify(items));
    await syncFolder(dirname(staging));
    const moves = items.map(
      ({ kind, name, storedAs }): Move => [join(staging, kind, name), join(storage, kind, storedAs)],
    );
    await moveAll(moves);
  } finally {
    await discard(staging);
    active.delete(id);
  }
}

/**
 * Ends the imports whose process was killed: what was staged as a whole is moved to its places, where its name is taken by now under a new one;
 * what was not is removed.
 */
export async function finishImports(storage: string): Promise<void> {
  const imports = join(storage, "imports");
  for (const id of await readdir(imports).catch(() => [])) {
    const staging = join(imports, id);
    if (active.has(id)) continue;
    active.add(id);
    try {
      if (!(await isLeft(staging, id))) continue;
      for (const { kind, name, storedAs } of await readList(staging)) {
        const from = join(staging, kind, assertName(name));
        if ((await stat(from).catch(() => undefined)) === undefined) continue;
        const folder = join(storage, kind);
        await move([from, join(folder, freeName(assertName(storedAs), await listTaken(folder)))]);
      }
      await discard(staging);
    } finally {
      active.delete(id);
    }
  }
}

/** Whether the process that began an import is gone. */
async function isLeft(staging: string, id: string): Promise<boolean> {
  const found = await stat(staging).catch(() => undefined);
  if (found === undefined) return false;
  if (Date.now() - found.mtimeMs > staleAfter) return true;
  const owner = Number(/^(\d+)\./.exec(id)?.[1] ?? Number.NaN);
  if (Number.isNaN(owner)) return false;
  // In a container an earlier process may have had the number of this one.
  if (owner === process.pid) return true;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return systemErrorCode(error) === "ESRCH";
  }
}

async function readList(staging: string): Promise<readonly StagedItem[]> {
  try {
    return parseStagedItems(JSON.parse(await readFile(join(staging, listFile), "utf8")));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Removes what is staged: the list first, so that nobody finishes what is half removed. */
async function discard(staging: string): Promise<void> {
  await rm(join(staging, listFile), { force: true });
  await syncFolder(staging).catch(() => undefined);
  await rm(staging, { recursive: true, force: true });
}

type Move = readonly [from: string, to: string];

/** Moves folders to their places, all or none. */
async function moveAll(moves: readonly Move[]): Promise<void> {
  const done: Move[] = [];
  try {
    for (const each of moves) {
      await move(each);
      done.push(each);
    }
  } catch (error) {
    // Back, not away: where this is cut off, the list can still be finished.
    for (const [from, to] of done) await rename(to, from);
    throw error;
  }
}

async function move([from, to]: Move): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** The names in a folder, as file systems compare them. */
export async function listTaken(folder: string): Promise<Set<string>> {
  return new Set((await readdir(folder).catch(() => [])).map(sameOnDisk));
}

/** What a name is to file systems that don't tell upper from lower case, or write accents in another way. */
export function sameOnDisk(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** The name, or where it is taken the first of "name 2", "name 3" … that is not. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let count = 2; taken.has(sameOnDisk(free)); count++) free = `${name} ${count}`;
  return free;
}
