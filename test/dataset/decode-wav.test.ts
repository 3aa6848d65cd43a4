import assert from "node:assert/strict";
import { decodeWav } from "../../src/dataset/decode-wav";
import type { ErrorCode } from "../../src/errors";
import { pcm16, riffChunk, type WavOptions, wavBytes } from "./support/wav";

describe("WAV files", () => {
  const doubles = Buffer.alloc(16);
  doubles.writeDoubleLE(0.5, 0);
  doubles.writeDoubleLE(-0.25, 8);
  const floats = Buffer.alloc(8);
  floats.writeFloatLE(0.5, 0);
  floats.writeFloatLE(-0.25, 4);
  const formats: [what: string, sound: Buffer, options: WavOptions, samples: number[]][] = [
    ["8 bits, which have no sign", Buffer.of(128, 192, 96, 0, 255), { bits: 8 }, [0, 0.5, -0.25, -1, 127 / 128]],
    ["16 bits", Buffer.of(0, 0x40, 0, 0xe0, 0, 0x80, 0xff, 0x7f), {}, [0.5, -0.25, -1, 32767 / 32768]],
    ["24 bits", Buffer.of(0, 0, 0x40, 0, 0, 0xe0, 1, 0, 0x80), { bits: 24 }, [0.5, -0.25, -1 + 2 ** -23]],
    ["32 bits", Buffer.of(0, 0, 0, 0x40, 0, 0, 0, 0xe0), { bits: 32 }, [0.5, -0.25]],
    ["floats", floats, { format: 3, bits: 32 }, [0.5, -0.25]],
    ["doubles", doubles, { format: 3, bits: 64 }, [0.5, -0.25]],
    ["extensible floats", floats, { format: 3, bits: 32, extensible: true }, [0.5, -0.25]],
    ["two channels, whose mean counts", pcm16([0.5, -0.25, 1, 0]), { channels: 2 }, [0.125, 32767 / 65536]],
    ["other chunks before", pcm16([0.5]), { chunks: [riffChunk("LIST", Buffer.from("odd"))] }, [0.5]],
    ["an open length", pcm16([0.5, -0.25]), { length: 0xffffffff }, [0.5, -0.25]],
    ["half a sample at the end", Buffer.concat([pcm16([0.5]), Buffer.of(1)]), {}, [0.5]],
  ];
  for (const [what, sound, options, samples] of formats) {
    it(`of ${what}`, () => {
      const decoded = decodeWav(wavBytes(sound, { rateHz: 22050, ...options }), "x.wav");
      assert.deepEqual(decoded, { samples: Float32Array.from(samples), rateHz: 22050 });
    });
  }

  const sound = wavBytes(pcm16([0.1, 0.2, 0.3]));
  const notFinite = Buffer.alloc(8);
  notFinite.writeFloatLE(Number.NaN, 4);
  const faults: [what: string, bytes: Buffer, code: ErrorCode, says: RegExp][] = [
    ["an empty file", Buffer.alloc(0), "TINYML_DATASET_CORRUPT", /RIFF/],
    ["another format", Buffer.from("OggS and more"), "TINYML_DATASET_CORRUPT", /RIFF/],
    ["a sound cut short", sound.subarray(0, -2), "TINYML_DATASET_CORRUPT", /2 bytes before/],
    ["a header cut short", sound.subarray(0, 30), "TINYML_DATASET_CORRUPT", /cut short/],
    ["no sound", sound.subarray(0, 36), "TINYML_DATASET_CORRUPT", /no sound/],
    [
      "a sound before its format",
      riffChunk("RIFF", Buffer.from("WAVEdata\0\0\0\0")),
      "TINYML_DATASET_CORRUPT",
      /before its format/,
    ],
    ["mu-law", wavBytes(Buffer.alloc(4), { format: 7, bits: 8 }), "TINYML_DATASET_CORRUPT", /16-bit PCM/],
    ["no channels", wavBytes(Buffer.alloc(4), { channels: 0 }), "TINYML_DATASET_CORRUPT", /no channels/],
    ["NaN", wavBytes(notFinite, { format: 3, bits: 32 }), "TINYML_NOT_A_NUMBER", /Sample 2/],
  ];
  for (const [what, bytes, code, says] of faults) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeWav(bytes, "x.wav"), { code, message: says });
      assert.throws(() => decodeWav(bytes, "x.wav"), /x\.wav/);
    });
  }
});
