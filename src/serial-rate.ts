/*
 * What a serial connection can carry. Sketches, dialogs and drivers count with it, so it stands beside their folders.
 */

/** Bits on the wire for a character: a start bit, eight bits, a stop bit. */
const bitsPerCharacter = 10;

/** The baud rates that dialogs offer, slowest first. */
export const baudRates: readonly number[] = [
  9600, 19200, 38400, 57600, 115200, 230400, 250000, 460800, 500000, 921600, 1000000, 2000000,
];

/** Lines that a baud rate carries in a second, rounded down, where each line has so many characters, its end included. */
export function linesPerSecond(baudRate: number, charactersPerLine: number): number {
  return Math.floor(baudRate / bitsPerCharacter / charactersPerLine);
}

/** Characters of a line of numbers of which each has so many: a separator between two, and two characters that end the line. */
export function charactersPerLine(channels: number, charactersPerNumber: number): number {
  return channels * (charactersPerNumber + 1) + 1;
}
