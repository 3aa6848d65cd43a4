import { type FileHandle, open } from "node:fs/promises";

/** Small enough that what is done with one chunk holds up nothing else in the process (a training's progress, other flows). */
const chunkSize = 2 ** 14;

/** Reads a file from an offset to its end, piece by piece; other work goes on in between. The bytes are valid during the call only. */
export async function readChunks(handle: FileHandle, from: number, take: (bytes: Uint8Array) => void): Promise<void> {
  const buffer = Buffer.alloc(chunkSize);
  for (let offset = from; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, chunkSize, offset);
    if (bytesRead === 0) return;
    take(buffer.subarray(0, bytesRead));
    offset += bytesRead;
  }
}

/** Reads the file at `path` piece by piece, as readChunks does. */
export async function readFileChunks(path: string, take: (bytes: Uint8Array) => void): Promise<void> {
  const handle = await open(path, "r");
  try {
    await readChunks(handle, 0, take);
  } finally {
    await handle.close();
  }
}

/**
 * A function that takes the pieces of a file and passes on its lines, each with the offset behind its line break. What follows the
 * last line break is no line: it is being written, or was cut short.
 */
export function createLineReader(take: (line: string, end: number) => void): (bytes: Uint8Array) => void {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  return (bytes) => {
    const data = Buffer.concat([rest, bytes]);
    let start = 0;
    for (let at = data.indexOf(0x0a); at >= 0; at = data.indexOf(0x0a, start)) {
      take(data.toString("utf8", start, at), offset + at + 1);
      start = at + 1;
    }
    rest = data.subarray(start);
    offset += start;
  };
}
