import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { decodeJpeg } from "../../src/dataset/decode-jpeg";
import { decodePng } from "../../src/dataset/decode-png";
import { copyPixels } from "../../src/dataset/picture";
import type { ErrorCode } from "../../src/errors";
import { knownPictures, pngBytes, pngChunk, pngHeader, pngOf } from "./support/pictures";

function pictureNamed(name: string): Buffer {
  const known = knownPictures.find((each) => each.name === name);
  assert.ok(known, name);
  return known.bytes;
}

function largestDifference(one: Uint8Array, other: Uint8Array): number {
  assert.equal(one.length, other.length);
  return one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0);
}

describe("PNG files", () => {
  for (const { name, bytes, pixels } of knownPictures.filter(({ name }) => name.endsWith(".png"))) {
    it(`${name} has the pixels that another program sees`, () => {
      const picture = decodePng(bytes, name);
      assert.deepEqual([picture.width, picture.height, picture.channels], [11, 7, name.startsWith("grey") ? 1 : 3]);
      // 16 bits are cut to 8, and laid over white then.
      const tolerance = (name.includes("16") ? 1 : 0) + (name.includes("alpha") ? 1 : 0);
      assert.ok(largestDifference(picture.pixels, pixels) <= tolerance);
    });
  }

  const grey = pngBytes(2, 2, Uint8Array.of(0, 85, 170, 255));
  const zeros = (count: number) => deflateSync(Buffer.alloc(count));
  const indexed = Buffer.concat([
    grey.subarray(0, 8),
    pngChunk("IHDR", pngHeader(2, 2, 8, 3)),
    pngChunk("PLTE", Buffer.of(1, 2, 3)),
    pngChunk("IDAT", deflateSync(Buffer.of(0, 0, 1, 0, 0, 0))),
  ]);
  const faults: [what: string, bytes: Buffer, code: ErrorCode, says: RegExp][] = [
    ["an empty file", Buffer.alloc(0), "TINYML_DATASET_CORRUPT", /no PNG/],
    ["a JPEG file", pictureNamed("grey.jpg"), "TINYML_DATASET_CORRUPT", /no PNG/],
    ["a file cut short", grey.subarray(0, 45), "TINYML_DATASET_CORRUPT", /cut short|unpacked/],
    ["a file without a header", grey.subarray(0, 8), "TINYML_DATASET_CORRUPT", /header/],
    ["a header cut short", pngOf(Buffer.alloc(12), zeros(6)), "TINYML_DATASET_CORRUPT", /header/],
    ["no pixels", pngOf(pngHeader(0, 2, 8, 0), zeros(6)), "TINYML_DATASET_CORRUPT", /no pixels/],
    ["too few pixels", pngOf(pngHeader(2, 2, 8, 0), zeros(5)), "TINYML_DATASET_CORRUPT", /cut short/],
    ["a bomb", pngOf(pngHeader(2, 2, 8, 0), zeros(1e8)), "TINYML_DATASET_CORRUPT", /more pixels/],
    [
      "a huge claim",
      pngOf(pngHeader(2 ** 32 - 1, 2 ** 32 - 1, 16, 6), zeros(6)),
      "TINYML_DATASET_TOO_LARGE",
      /4294967295 ×/,
    ],
    ["3 bits", pngOf(pngHeader(2, 2, 3, 0), zeros(6)), "TINYML_DATASET_CORRUPT", /3 bits/],
    ["an unknown colour type", pngOf(pngHeader(2, 2, 8, 5), zeros(6)), "TINYML_DATASET_CORRUPT", /type 5/],
    ["an unknown interlacing", pngOf(pngHeader(2, 2, 8, 0, 2), zeros(6)), "TINYML_DATASET_CORRUPT", /unknown kind/],
    [
      "an unknown filter",
      pngOf(pngHeader(2, 2, 8, 0), deflateSync(Buffer.of(0, 1, 2, 5, 3, 4))),
      "TINYML_DATASET_CORRUPT",
      /filter/,
    ],
    [
      "what is not packed",
      pngOf(pngHeader(2, 2, 8, 0), Buffer.from("not packed")),
      "TINYML_DATASET_CORRUPT",
      /unpacked/,
    ],
    ["a colour beyond the palette", indexed, "TINYML_DATASET_CORRUPT", /no colour 1/],
  ];
  for (const [what, bytes, code, says] of faults) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodePng(bytes, "cat/x.png"), { code, message: says });
      assert.throws(() => decodePng(bytes, "cat/x.png"), /cat\/x\.png/);
    });
  }
});

describe("JPEG files", () => {
  for (const { name, bytes, pixels } of knownPictures.filter(({ name }) => name.endsWith(".jpg"))) {
    it(`${name} has nearly the pixels that another program sees`, () => {
      const picture = decodeJpeg(bytes, name);
      assert.deepEqual([picture.width, picture.height, picture.channels], [11, 7, name.startsWith("grey") ? 1 : 3]);
      // Decoders may round on the way.
      assert.ok(largestDifference(picture.pixels, pixels) <= 3, `${largestDifference(picture.pixels, pixels)}`);
    });
  }

  const jpeg = pictureNamed("colours.jpg");
  const sized = (height: number, width: number): Buffer => {
    const changed = Buffer.from(jpeg);
    const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
    changed.writeUInt16BE(height, frame + 5);
    changed.writeUInt16BE(width, frame + 7);
    return changed;
  };
  const scan = jpeg.subarray(jpeg.indexOf(Buffer.of(0xff, 0xda)), -2);
  const faults: [what: string, bytes: Buffer, code: ErrorCode, says: RegExp][] = [
    ["an empty file", Buffer.alloc(0), "TINYML_DATASET_CORRUPT", /no JPEG/],
    ["a PNG file", pictureNamed("grey8.png"), "TINYML_DATASET_CORRUPT", /no JPEG/],
    ["a file without a frame", jpeg.subarray(0, 20), "TINYML_DATASET_CORRUPT", /before its size/],
    ["a file cut short", jpeg.subarray(0, jpeg.length - 40), "TINYML_DATASET_CORRUPT", /can't be read/],
    ["no pixels", sized(0, 11), "TINYML_DATASET_CORRUPT", /no pixels/],
    ["a huge claim", sized(65535, 65535), "TINYML_DATASET_TOO_LARGE", /65535 × 65535/],
    [
      "thousands of scans",
      Buffer.concat([jpeg.subarray(0, -2), ...new Array(5000).fill(scan)]),
      "TINYML_DATASET_CORRUPT",
      /scans/,
    ],
  ];
  for (const [what, bytes, code, says] of faults) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeJpeg(bytes, "cat/x.jpg"), { code, message: says });
      assert.throws(() => decodeJpeg(bytes, "cat/x.jpg"), /cat\/x\.jpg/);
    });
  }
});

describe("pictures", () => {
  it("become grey by the weights of ITU-R BT.601", () => {
    const grey = new Uint8Array(5);
    const pixels = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255);
    copyPixels({ width: 4, height: 1, channels: 3, pixels }, 1, grey, 1);
    assert.deepEqual([...grey], [0, 76, 150, 29, 255]);
  });

  it("in grey become coloured with three equal channels", () => {
    const colours = new Uint8Array(6);
    copyPixels({ width: 2, height: 1, channels: 1, pixels: Uint8Array.of(7, 9) }, 3, colours, 0);
    assert.deepEqual([...colours], [7, 7, 7, 9, 9, 9]);
  });
});
