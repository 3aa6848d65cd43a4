import type { Random } from "../../src/dataset/random";

/** Numbers on which a reader of offsets and counts may stumble. */
const AWKWARD = [0, 1, 2, 4, 7, 8, 16, 255, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff];

/** A copy of a file with one to eight faults in it: bits flipped, words replaced, parts moved, cut or repeated. */
export function damage(file: Uint8Array, { below }: Random): Uint8Array {
  let bytes = file.slice();
  for (let faults = 1 + below(8); faults > 0; faults -= 1) {
    const at = below(bytes.length);
    switch (below(8)) {
      case 0:
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 2:
        bytes[at] = below(256);
        break;
      case 3:
      case 4:
      case 5: {
        const word = at & ~3;
        if (word + 4 > bytes.length) break;
        const view = new DataView(bytes.buffer, word, 4);
        // half of them a near miss of what stood there
        const near = view.getUint32(0, true) + below(65) - 32;
        view.setUint32(0, below(2) === 0 ? (AWKWARD[below(AWKWARD.length)] ?? 0) : near, true);
        break;
      }
      case 6:
        bytes.copyWithin(at, below(bytes.length), below(bytes.length));
        break;
      default:
        if (below(5) === 0) bytes = bytes.slice(0, at);
        break;
    }
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}
