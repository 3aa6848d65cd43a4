import assert from "node:assert/strict";
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { shrinkPng } from "../../build/shrink-png";

describe("build: shrinking screenshots", () => {
  const width = 40;
  const height = 25;

  it("keeps every pixel of a picture with few colours, whatever filters its rows have", () => {
    for (const channels of [3, 4]) {
      const colours = Array.from({ length: 200 }, (_, i) => [(i * 37) & 255, (i * 91) & 255, (i * 11) & 255]);
      const pixels = pictureOf((i) => colours[(i * i) % 200] ?? []);
      const small = shrinkPng(pngOf(pixels, channels));
      assert.deepEqual(pixelsOf(small), pixels);
    }
  });

  it("stays close to the colours when there are too many", () => {
    const pixels = pictureOf((i) => [i & 255, i >> 2, 128]);
    const shrunk = pixelsOf(shrinkPng(pngOf(pixels, 3)));
    const differences = shrunk.map((value, i) => Math.abs(value - (pixels[i] ?? 0)));
    assert.ok(Math.max(...differences) <= 16, `${Math.max(...differences)}`);
  });

  it("refuses what it can't read", () => {
    assert.throws(() => shrinkPng(Buffer.from("GIF89a")), /no PNG/);
  });

  function pictureOf(colour: (index: number) => number[]): number[] {
    return Array.from({ length: width * height }, (_, i) => colour(i)).flat();
  }

  /** A PNG whose rows take turns at the five filters. */
  function pngOf(pixels: readonly number[], channels: number): Buffer {
    const row = (y: number): number[] =>
      Array.from({ length: width * channels }, (_, x) => {
        const channel = x % channels;
        return channel === 3 ? 255 : (pixels[(y * width + (x - channel) / channels) * 3 + channel] ?? 0);
      });
    const rows: number[] = [];
    for (let y = 0; y < height; y++) {
      const above = y > 0 ? row(y - 1) : row(0).map(() => 0);
      const filter = y % 5;
      rows.push(filter);
      const own = row(y);
      for (const [x, value] of own.entries()) {
        const a = own[x - channels] ?? 0;
        const b = above[x] ?? 0;
        const c = above[x - channels] ?? 0;
        const p = a + b - c;
        const paeth = [a, b, c].reduce((best, guess) => (Math.abs(p - guess) < Math.abs(p - best) ? guess : best));
        rows.push((value - ([0, a, b, (a + b) >> 1, paeth][filter] ?? 0)) & 255);
      }
    }
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set([8, channels === 3 ? 2 : 6, 0, 0, 0], 8);
    const chunks: Array<[string, Buffer]> = [
      ["IHDR", header],
      ["IDAT", deflateSync(Buffer.from(rows))],
      ["IEND", Buffer.alloc(0)],
    ];
    const framed = chunks.map(([type, content]) => {
      const frame = Buffer.alloc(content.length + 12);
      frame.writeUInt32BE(content.length, 0);
      frame.write(type, 4, "latin1");
      frame.set(content, 8);
      frame.writeUInt32BE(crc32(frame.subarray(4, -4)), content.length + 8);
      return frame;
    });
    return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...framed]);
  }

  /** The pixels of a PNG with a palette and without filters; every checksum must be right. */
  function pixelsOf(png: Buffer): number[] {
    const parts: Record<string, Buffer> = {};
    for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
      const end = at + 8 + png.readUInt32BE(at);
      assert.equal(png.readUInt32BE(end), crc32(png.subarray(at + 4, end)));
      parts[png.toString("latin1", at + 4, at + 8)] = png.subarray(at + 8, end);
    }
    const { PLTE: palette = Buffer.alloc(0), IDAT: data = Buffer.alloc(0) } = parts;
    const rows = inflateSync(data);
    return pictureOf((i) => {
      const index = rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)] ?? 0;
      return [...palette.subarray(3 * index, 3 * index + 3)];
    });
  }
});
