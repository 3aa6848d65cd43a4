import { TinymlError } from "../errors";

/**
 * A sound as a WAV file of one channel with integers of 16 bits, which every program opens.
 * @param samples in −1..1; what rounds beyond the largest integer becomes that
 * @param rateHz samples per second, a whole number
 * @throws TinymlError TINYML_NOT_A_NUMBER for a sample that is none or outside of −1..1
 */
export function encodeWav(samples: Float32Array, rateHz: number): Uint8Array {
  const header = 44;
  const bytes = Buffer.alloc(header + 2 * samples.length);
  bytes.write("RIFF", 0, "latin1");
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8, "latin1");
  bytes.writeUInt32LE(16, 16);
  // integers, one channel
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rateHz, 24);
  bytes.writeUInt32LE(2 * rateHz, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36, "latin1");
  bytes.writeUInt32LE(2 * samples.length, 40);
  for (const [i, sample] of samples.entries()) {
    if (!(Math.abs(sample) <= 1)) {
      throw new TinymlError(
        "TINYML_NOT_A_NUMBER",
        `A sound consists of numbers from -1 to 1, but its number ${i + 1} is ${sample}. Divide by the largest number that the microphone gives.`,
      );
    }
    bytes.writeInt16LE(Math.min(Math.round(sample * 2 ** 15), 2 ** 15 - 1), header + 2 * i);
  }
  return bytes;
}
