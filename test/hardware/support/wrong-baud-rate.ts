/**
 * What a serial port that is set to one baud rate reads of a board that sends at another: the line's levels bit by bit, a start bit, eight data bits
 * with the lowest first, a stop bit; the receiver looks at the middle of each bit that it expects after a falling edge.
 */
export function readAtWrongBaudRate(text: string, sentAt: number, readAt: number): Buffer {
  const levels: number[] = [1];
  for (const byte of Buffer.from(text)) {
    levels.push(0);
    for (let bit = 0; bit < 8; bit++) levels.push((byte >> bit) & 1);
    levels.push(1);
  }
  const seconds = levels.length / sentAt;
  const levelAt = (time: number): number => levels[Math.floor(time * sentAt)] ?? 1;
  const bytes: number[] = [];
  const look = 1 / readAt / 16;
  let time = 0;
  while (time < seconds) {
    if (levelAt(time) === 1) {
      time += look;
      continue;
    }
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) byte |= levelAt(time + (bit + 1.5) / readAt) << bit;
    bytes.push(byte);
    time += 9.5 / readAt;
    // A stop bit that is low is an error of the frame; the receiver goes on with the next high level.
    while (time < seconds && levelAt(time) === 0) time += look;
  }
  return Buffer.from(bytes);
}
