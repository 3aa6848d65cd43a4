import assert from "node:assert/strict";
import { findForwarderBoard } from "../../src/boards/forwarder-boards";
import { createRateMeter } from "../../src/hardware/rate-meter";
import { createReadingLines } from "../../src/hardware/reading-lines";
import { generateForwarder } from "../../src/sketch/forwarder";
import { buildSketch, requireArduino } from "../support/arduino";
import { UnoSimulator } from "../support/uno-simulator";

const cyclesPerMillisecond = 16e3;

const cases = [
  { channels: 6, rateHz: 100, baudRate: 115_200 },
  { channels: 3, rateHz: 333, baudRate: 115_200 },
  // As much as the table says that the board can do.
  { channels: 6, rateHz: 1000, baudRate: 500_000 },
  { channels: 1, rateHz: 6000, baudRate: 500_000 },
];

describe("Arduino: sketches that forward readings", function () {
  this.timeout(120_000);

  before(function () {
    requireArduino(this);
  });

  for (const { channels, rateHz, baudRate } of cases) {
    it(`Uno, ${channels} pins, ${rateHz} times a second at ${baudRate} baud: the line reader gets the pins' codes and the rate`, () => {
      const board = findForwarderBoard("uno");
      const sketch = generateForwarder(board, { channels, rateHz, baudRate });
      const simulator = new UnoSimulator(buildSketch(sketch, board).hex);
      const lines = createReadingLines();
      const meter = createRateMeter();
      const codes = Array.from({ length: channels }, (_, pin) => [0, 1023, 7, 42, 999, 100][pin] ?? 0);
      codes.forEach((code, pin) => {
        simulator.setAdcCode(pin, code);
      });
      const readings: number[][] = [];
      const count = Math.ceil(1.1 * rateHz);
      // The first line has the names.
      for (let line = 0; line <= count; line++) {
        readings.push(...lines.push(Buffer.from(`${simulator.readLine()}\r\n`)));
        if (line > 0) meter.arrived(1, simulator.cycles / cyclesPerMillisecond);
      }
      // The first line of numbers comes after the names, so it is known to be whole.
      assert.deepEqual(readings, Array(count).fill(codes));
      assert.deepEqual(lines.channels, board.analogPins.slice(0, channels));
      assert.ok(Math.abs((meter.rateHz ?? 0) / rateHz - 1) < 0.001, `${meter.rateHz} readings a second`);
    });
  }

  for (const name of ["mega2560", "leonardo"]) {
    it(`${name}: compiles with all of its pins`, () => {
      const board = findForwarderBoard(name);
      const built = buildSketch(generateForwarder(board, { channels: board.analogPins.length, rateHz: 50 }), board);
      assert.ok(built.flashBytes > 1000 && built.ramBytes < 1000, `${built.flashBytes} and ${built.ramBytes} bytes`);
    });
  }
});
