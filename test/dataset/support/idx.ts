const types = {
  uint8: { code: 0x08, bytes: 1, write: (buffer: Buffer, value: number, at: number) => buffer.writeUInt8(value, at) },
  int8: { code: 0x09, bytes: 1, write: (buffer: Buffer, value: number, at: number) => buffer.writeInt8(value, at) },
  int16: { code: 0x0b, bytes: 2, write: (buffer: Buffer, value: number, at: number) => buffer.writeInt16BE(value, at) },
  int32: { code: 0x0c, bytes: 4, write: (buffer: Buffer, value: number, at: number) => buffer.writeInt32BE(value, at) },
  float32: {
    code: 0x0d,
    bytes: 4,
    write: (buffer: Buffer, value: number, at: number) => buffer.writeFloatBE(value, at),
  },
  float64: {
    code: 0x0e,
    bytes: 8,
    write: (buffer: Buffer, value: number, at: number) => buffer.writeDoubleBE(value, at),
  },
};

export type IdxTypeName = keyof typeof types;

/** An IDX file: two zeros, the type, the number of dimensions, their sizes, the numbers; all big-endian (Y. LeCun's page of MNIST). */
export function idxBytes(type: IdxTypeName, shape: readonly number[], values: readonly number[]): Buffer {
  const { code, bytes, write } = types[type];
  const start = 4 + 4 * shape.length;
  const buffer = Buffer.alloc(start + bytes * values.length);
  buffer[2] = code;
  buffer[3] = shape.length;
  shape.forEach((size, axis) => {
    buffer.writeUInt32BE(size, 4 + 4 * axis);
  });
  values.forEach((value, i) => {
    write(buffer, value, start + bytes * i);
  });
  return buffer;
}
