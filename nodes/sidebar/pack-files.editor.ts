const blockLength = 512;

/**
 * Files as one, for an import that takes all of them or none: an archive as tar writes it (POSIX, pax), or the only file itself. The browser reads what is in
 * them when the archive is sent.
 */
export function packFiles(files: readonly File[]): File {
  if (files.length === 1) return files[0];
  const parts = files.flatMap((file) => {
    const path = pathRecord(file.name);
    return [header("x", path.length), path, padding(path.length), header("0", file.size), file, padding(file.size)];
  });
  return new File([...parts, new Uint8Array(2 * blockLength)], "the chosen files");
}

/** The header of an entry. Its name has no room for every file's: the record before it has that. */
function header(type: "x" | "0", size: number): Uint8Array<ArrayBuffer> {
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;
  const before = `${"file".padEnd(100, "\0")}${octal(0o644, 7)}${octal(0, 7)}${octal(0, 7)}${octal(size, 11)}${octal(0, 11)}`;
  const behind = `${type}${"\0".repeat(100)}ustar\x0000`.padEnd(blockLength - before.length - 8, "\0");
  // The sum is taken as if it were spaces itself.
  const sum = encode(`${before}        ${behind}`).reduce((total, byte) => total + byte, 0);
  return encode(`${before}${octal(sum, 6)} ${behind}`);
}

/** The record that names a file. It begins with its own length. */
function pathRecord(name: string): Uint8Array<ArrayBuffer> {
  const rest = ` path=${name}\n`;
  const bytes = encode(rest).length;
  let digits = 1;
  while (String(bytes + digits).length > digits) digits += 1;
  return encode(`${bytes + digits}${rest}`);
}

function padding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((blockLength - (size % blockLength)) % blockLength);
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
