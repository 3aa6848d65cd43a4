import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Board } from "../../src/sketch/board";
import type { Sketch } from "../../src/sketch/sketch";
import { requireTool, runTool } from "./tools";

const hardware = "/usr/share/arduino/hardware";
/** The compiled core, kept from build to build; its key in there is made of the flags and the core's files. */
const buildCache = path.join(tmpdir(), "tinyml-arduino-cache");

/** A compiled sketch. */
export interface BuiltSketch {
  /** Intel HEX, as it would be uploaded. */
  hex: string;
  flashBytes: number;
  ramBytes: number;
  /** Byte addresses of functions that the linker has kept as such. */
  symbols: ReadonlyMap<string, number>;
}

/** Skips where the Arduino tools of Debian (arduino-builder, arduino-core-avr, gcc-avr) are missing. */
export function requireArduino(context: Mocha.Context): void {
  requireTool(context, "arduino-builder", "avr-gcc", "avr-size");
  if (!existsSync(path.join(hardware, "arduino", "avr"))) requireTool(context, "arduino-core-avr");
}

/** Builds a sketch as the Arduino IDE does; fails on any warning that is about the sketch's own files. */
export function buildSketch(sketch: Sketch, board: Pick<Board, "fqbn">): BuiltSketch {
  const folder = mkdtempSync(path.join(tmpdir(), "tinyml-sketch-"));
  try {
    const source = path.join(folder, sketch.name);
    const build = path.join(folder, "build");
    writeSketch(sketch, source);
    for (const created of [build, buildCache]) mkdirSync(created, { recursive: true });
    runTool("arduino-builder", [
      "-compile",
      ...["-hardware", hardware, "-hardware", "/usr/share/arduino-builder"],
      ...["-tools", "/usr/bin", "-built-in-libraries", path.join(hardware, "arduino", "avr", "libraries")],
      ...["-fqbn", board.fqbn, "-build-path", build, "-build-cache", buildCache, "-ide-version", "10819"],
      // Debian's avr-gcc knows this limit by another name, and its core doesn't compile without.
      ...["-prefs", "compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__"],
      path.join(source, `${sketch.name}.ino`),
    ]);
    const elf = path.join(build, `${sketch.name}.ino.elf`);
    const sizes = runTool("avr-size", ["-A", elf]).toString();
    const section = (name: string): number => Number(new RegExp(`^\\.${name}\\s+(\\d+)`, "m").exec(sizes)?.[1] ?? 0);
    return {
      hex: readFileSync(path.join(build, `${sketch.name}.ino.hex`), "utf8"),
      flashBytes: section("text") + section("data"),
      ramBytes: section("data") + section("bss") + section("noinit"),
      symbols: new Map(
        [
          ...runTool("avr-nm", [elf])
            .toString()
            .matchAll(/^(\w+) [Tt] (\S+)$/gm),
        ].map((match) => [match[2], Number.parseInt(match[1], 16)]),
      ),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes a sketch's files into a folder, which is created. */
export function writeSketch(sketch: Sketch, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(sketch.files)) writeFileSync(path.join(folder, name), text);
}
