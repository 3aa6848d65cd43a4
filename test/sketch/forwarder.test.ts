import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { packagePath } from "../../build/package-files";
import { findForwarderBoard, forwarderBoards } from "../../src/boards/forwarder-boards";
import { TinymlError } from "../../src/errors";
import { createReadingLines } from "../../src/hardware/reading-lines";
import { type ForwarderOptions, generateForwarder } from "../../src/sketch/forwarder";
import { requireTool, runTool } from "../support/tools";

const all = forwarderBoards.flatMap((board) => [
  { board, source: "analog" as const },
  ...(board.imu === undefined ? [] : [{ board, source: "imu" as const }]),
  ...(board.microphone === true ? [{ board, source: "microphone" as const }] : []),
]);

describe("sketches that forward readings", () => {
  for (const { board, source } of all) {
    it(`${board.name}, ${source}: is C++ without a warning, by the declarations of Arduino's interface`, function () {
      requireTool(this, "arm-none-eabi-gcc");
      const { files } = generateForwarder(board, { source });
      const folder = mkdtempSync(path.join(tmpdir(), "tinyml-forwarder-"));
      try {
        const file = path.join(folder, "sketch.cpp");
        // The Arduino tools put this line before a sketch.
        writeFileSync(file, `#include <Arduino.h>\n${Object.values(files)[0]}`);
        const declarations = packagePath("test", "support", "arduino-declarations");
        // As the Nano 33 BLE's core compiles; it has no 16-bit int, which the Uno's own compiler tries in test/device.
        const strict = ["-mcpu=cortex-m4", "-mthumb", "-funsigned-char", "-std=gnu++14", "-Wall", "-Wextra", "-Werror"];
        runTool("arm-none-eabi-gcc", ["-x", "c++", "-fsyntax-only", ...strict, "-I", declarations, file]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it("are named after their board, and say rate and baud rate", () => {
    const sketch = generateForwarder(findForwarderBoard("uno"), { channels: 2, rateHz: 50 });
    assert.deepEqual(Object.keys(sketch.files), ["forwarder_uno.ino"]);
    const text = sketch.files["forwarder_uno.ino"];
    assert.match(text, /50 lines a second at 115200 baud, each with 2 numbers/);
    assert.match(text, /Serial\.println\(F\("A0,A1"\)\)/);
  });

  const refused: [board: string, options: ForwarderOptions, reason: RegExp][] = [
    ["uno", { channels: 6, rateHz: 1000 }, /At 115200 baud only 371 lines .* Set 500000 baud/],
    [
      "uno",
      { channels: 1, rateHz: 200, baudRate: 9600 },
      /At 9600 baud only 160 lines of one number .* Set 19200 baud/,
    ],
    ["uno", { channels: 6, rateHz: 1001, baudRate: 2_000_000 }, /6 pins 1000 times a second at most/],
    [
      "uno",
      { baudRate: 460_800 },
      /can't send at 460800 baud: .* 57600, 115200, 250000, 500000, 1000000, 2000000 baud/,
    ],
    ["esp32", { channels: 6, rateHz: 800 }, /Set 250000 baud/],
    ["uno", { channels: 7 }, /6 analog pins/],
    ["uno", { channels: 0 }, /6 analog pins/],
    ["uno", { rateHz: Number.NaN }, /0\.1 to 100000/],
    ["uno", { baudRate: 1.5 }, /whole number/],
    ["uno", { source: "imu" }, /no motion sensor/],
    ["esp32", { source: "microphone" }, /no microphone/],
    ["nano33ble", { source: "imu", rateHz: 1000 }, /952 times/],
    ["nano33ble", { source: "microphone", rateHz: 7000 }, /16000 samples a second/],
  ];
  for (const [board, options, reason] of refused) {
    it(`${board} ${JSON.stringify(options)}: says ${reason.source}`, () => {
      assert.throws(
        () => generateForwarder(findForwarderBoard(board), options),
        (error) => error instanceof TinymlError && error.code === "TINYML_CONFIG_INVALID" && reason.test(error.message),
      );
    });
  }

  for (const board of forwarderBoards) {
    it(`${board.name}: names its channels in a first line that is no reading`, () => {
      const { files } = generateForwarder(board, { channels: 2 });
      const [, names = ""] = /Serial\.println\(F\("(.*)"\)\)/.exec(Object.values(files)[0] ?? "") ?? [];
      const reading = createReadingLines();
      // Behind what a board prints when it starts.
      assert.deepEqual(reading.push(Buffer.from(`entry 0x400805cc\r\n${names}\r\n1,2\n`)), [[1, 2]]);
      assert.deepEqual(reading.channels, names.split(","));
    });
  }

  it("a board with native USB is as fast as it can be, whatever the baud rate", () => {
    assert.ok(generateForwarder(findForwarderBoard("nano33ble"), { source: "imu", rateHz: 476, baudRate: 9600 }));
  });

  it("the motion sensor is set to a rate that is high enough", () => {
    const controlAt = (rateHz: number): string | undefined => {
      const { files } = generateForwarder(findForwarderBoard("nano33ble"), { source: "imu", rateHz });
      return /ACCELEROMETER_CONTROL, (0x..)/.exec(Object.values(files)[0] ?? "")?.[1];
    };
    assert.deepEqual([50, 119, 120, 300, 952].map(controlAt), ["0x70", "0x70", "0x90", "0xB0", "0xD0"]);
  });
});
