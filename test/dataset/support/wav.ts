/** What a WAV file is made of; what is left out is that of a sound of one channel with 16 bits. */
export interface WavOptions {
  /** 1: integers, 3: floats; others are written as they are. */
  format?: number;
  bits?: number;
  channels?: number;
  rateHz?: number;
  /** Chunks between the format and the sound. */
  chunks?: readonly Buffer[];
  /** The length that the sound's chunk claims. */
  length?: number;
  /** Says the format in WAVE_FORMAT_EXTENSIBLE's further fields. */
  extensible?: boolean;
}

/** A chunk of a RIFF file: its name, its length, its bytes, to an even end. */
export function riffChunk(name: string, data: Buffer, length = data.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, "latin1");
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

/** A WAV file with these bytes as its sound (Microsoft and IBM, Multimedia Programming Interface, 1991). */
export function wavBytes(sound: Buffer, options: WavOptions = {}): Buffer {
  const { format = 1, bits = 16, channels = 1, rateHz = 8000, chunks = [], length, extensible = false } = options;
  const head = Buffer.alloc(extensible ? 40 : 16);
  head.writeUInt16LE(extensible ? 0xfffe : format, 0);
  head.writeUInt16LE(channels, 2);
  head.writeUInt32LE(rateHz, 4);
  head.writeUInt32LE((rateHz * channels * bits) / 8, 8);
  head.writeUInt16LE((channels * bits) / 8, 12);
  head.writeUInt16LE(bits, 14);
  if (extensible) {
    head.writeUInt16LE(22, 16);
    head.writeUInt16LE(bits, 18);
    head.writeUInt16LE(format, 24);
  }
  const body = Buffer.concat([
    Buffer.from("WAVE"),
    riffChunk("fmt ", head),
    ...chunks,
    riffChunk("data", sound, length),
  ]);
  return riffChunk("RIFF", body);
}

/** Numbers in −1..1 as 16-bit samples. */
export function pcm16(samples: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * samples.length);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), 2 * i);
  });
  return bytes;
}
