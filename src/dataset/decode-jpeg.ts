import { decode } from "jpeg-js";
import { assertPictureSize, damagedPicture, type Picture } from "./picture";

/** More scans than this are made to waste time: progressive files have about ten, and each costs as much as the whole picture. */
const mostScans = 64;

/**
 * The picture in a JPEG file, baseline or progressive.
 * @throws TinymlError TINYML_DATASET_CORRUPT, TINYML_DATASET_TOO_LARGE, naming `file`
 */
export function decodeJpeg(bytes: Uint8Array, file: string): Picture {
  const { width, height, components } = readFrame(bytes, file);
  assertPictureSize(width, height, file);
  let scans = 0;
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) scans += bytes[at + 1] === 0xda ? 1 : 0;
  if (scans > mostScans) throw damagedPicture(file, `it has ${scans} scans`);
  let decoded: { width: number; height: number; data: Uint8Array };
  try {
    decoded = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: 17,
      maxMemoryUsageInMB: 512,
    });
  } catch (error) {
    throw damagedPicture(file, error instanceof Error ? error.message : String(error), error);
  }
  const { data } = decoded;
  if (decoded.width !== width || decoded.height !== height) throw damagedPicture(file, "it has several sizes");
  if (components !== 1) return { width, height, channels: 3, pixels: data };
  return { width, height, channels: 1, pixels: Uint8Array.from({ length: width * height }, (_, i) => data[3 * i]) };
}

/** The picture's size and number of colour components, from its frame header (ITU-T T.81, B.2.2). */
function readFrame(bytes: Uint8Array, file: string): { width: number; height: number; components: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw damagedPicture(file, "it is no JPEG file");
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1;
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), components: view.getUint8(at + 9) };
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  throw damagedPicture(file, "it ends before its size is said");
}
