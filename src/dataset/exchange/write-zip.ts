import { promisify } from "node:util";
import { deflateRaw } from "node:zlib";
import { TinymlError } from "../../errors";
import { crc32 } from "../crc32";
import type { NamedBytes } from "./named-bytes";

/** Files that are packed already. */
const packed = /\.(jpe?g|png|zip|gz)$/i;

/** 1980-01-01, the first day that the format knows: the same files give the same archive. */
const firstDay = 0x21;
const utf8Names = 0x0800;
const deflated = 8;
const unix = 3;
const largest = 0xffffffff;
const mostFiles = 0xfffe;

/**
 * A zip archive of files, piece by piece as they come, none of them held longer than it takes.
 * @throws TinymlError TINYML_DATASET_TOO_LARGE beyond 2 GB or 65,534 files
 */
export async function* writeZip(files: AsyncIterable<NamedBytes> | Iterable<NamedBytes>): AsyncGenerator<Uint8Array> {
  const directory: Buffer[] = [];
  let offset = 0;
  for await (const { name, bytes } of files) {
    const path = Buffer.from(name);
    const body = packed.test(name) || bytes.length === 0 ? bytes : await promisify(deflateRaw)(bytes);
    // Both headers have these fields in this order.
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(utf8Names, 2);
    fields.writeUInt16LE(body === bytes ? 0 : deflated, 4);
    fields.writeUInt16LE(firstDay, 8);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(body.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(path.length, 22);
    const entry = Buffer.alloc(46);
    entry.write("PK\x01\x02", "latin1");
    entry.writeUInt8(20, 4);
    entry.writeUInt8(unix, 5);
    fields.copy(entry, 6);
    entry.writeUInt16LE(0o100644, 40);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, path);
    yield Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), fields, path]);
    yield body;
    offset += 30 + path.length + body.length;
    if (offset > largest / 2 || directory.length / 2 > mostFiles) throw tooLarge();
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(directory.length / 2, 8);
  end.writeUInt16LE(directory.length / 2, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  yield listing;
  yield end;
}

function tooLarge(): TinymlError {
  return new TinymlError(
    "TINYML_DATASET_TOO_LARGE",
    "A zip archive holds 2 GB and 65,534 files at most, and there are more samples than that. Copy the dataset's folder instead.",
  );
}
