import { TinymlError } from "../errors";
import type { Board } from "../sketch/board";

/** The boards that sketches can be generated for. */
export const boards: readonly Board[] = [
  {
    name: "uno",
    title: "Arduino Uno",
    fqbn: "arduino:avr:uno",
    architecture: "avr",
    flashBytes: 32256,
    ramBytes: 2048,
    stackBytes: 384,
    analogPins: ["A0", "A1", "A2", "A3", "A4", "A5"],
    adcBits: 10,
    pwmPin: 9,
  },
];

/**
 * The board of this name.
 * @throws TinymlError TINYML_UNKNOWN_BOARD, which lists the names that there are
 */
export function findBoard(name: string): Board {
  const board = boards.find((candidate) => candidate.name === name);
  if (board !== undefined) return board;
  const known = boards.map((candidate) => candidate.name).join(", ");
  throw new TinymlError("TINYML_UNKNOWN_BOARD", `There is no board "${name}". Boards: ${known}.`);
}
