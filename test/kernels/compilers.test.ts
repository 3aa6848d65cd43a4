import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readKernelSources } from "../../build/kernels";
import { writeSketch } from "../support/arduino";
import { requireTool, runTool } from "../support/tools";

/* Every kernel by the compilers of all boards, as their tools call them: no warning is allowed. */

/** The kernels of the trainer and those of the host never reach a board. */
const inSketches = Object.keys(readKernelSources()).filter(
  (name) => name.endsWith(".c") && !/^(training|host)_/.test(name),
);

const compilers: Readonly<Record<string, readonly string[]>> = {
  "a PC's C compiler": ["gcc", "-std=c99", "-pedantic", "-O2"],
  "an Arduino Uno's, as C": ["avr-gcc", "-mmcu=atmega328p", "-std=gnu11", "-Os"],
  "an Arduino Uno's, as C++": ["avr-gcc", "-x", "c++", "-mmcu=atmega328p", "-std=gnu++11", "-Os"],
  "a Cortex-M0's": ["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb", "-std=c99", "-pedantic", "-Os"],
  "a Cortex-M4F's": [
    ...["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"],
    ...["-std=c99", "-pedantic", "-O2", "-Wdouble-promotion"],
  ],
  "a Cortex-M7's": [
    ...["arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard"],
    ...["-std=c99", "-pedantic", "-O2"],
  ],
  "mbed's, as C": ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-funsigned-char", "-std=gnu11", "-Os"],
  "mbed's, as C++": [
    ...["arm-none-eabi-gcc", "-x", "c++", "-mcpu=cortex-m4", "-mthumb", "-funsigned-char", "-std=gnu++14"],
    ...["-Os", "-fno-exceptions", "-fno-rtti"],
  ],
};

describe("every kernel of a sketch compiles without a warning", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "tinyml-kernels-"));
    writeSketch({ name: "kernels", files: readKernelSources() }, folder);
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const [what, [compiler, ...flags]] of Object.entries(compilers)) {
    it(`by ${what}`, function () {
      requireTool(this, compiler);
      const strict = [...flags, "-Wall", "-Wextra", "-Werror", "-c"];
      runTool(compiler, [...strict, ...inSketches.map((name) => path.join(folder, name))], undefined, folder);
    }).timeout(60000);
  }
});
