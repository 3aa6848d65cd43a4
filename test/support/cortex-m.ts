import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Model, TensorData } from "../../src/model/model";
import { writeSketch } from "./arduino";
import { sketchOf } from "./sketches";
import { requireTool, runTool } from "./tools";

/** A processor, and the machine of the simulator that has it. */
interface Machine {
  readonly qemu: string;
  readonly flags: readonly string[];
  readonly flashBytes: number;
  readonly ramBytes: number;
}

/** The simulated processors. The memories are those of the machines: a micro:bit, and Arm's MPS2 with two of its images. */
export const cortexMachines = {
  "Cortex-M0": {
    qemu: "microbit",
    flags: ["-mcpu=cortex-m0"],
    flashBytes: 256 * 1024,
    ramBytes: 16 * 1024,
  },
  "Cortex-M4F": {
    qemu: "mps2-an386",
    flags: ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"],
    flashBytes: 4 * 1024 * 1024,
    ramBytes: 4 * 1024 * 1024,
  },
  "Cortex-M7": {
    qemu: "mps2-an500",
    flags: ["-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"],
    flashBytes: 4 * 1024 * 1024,
    ramBytes: 4 * 1024 * 1024,
  },
} as const satisfies Record<string, Machine>;

export type CortexM = keyof typeof cortexMachines;

/** All of the stack that a program has; one that needs more faults. */
const stackBytes = 2048;
/** The simulator's clock goes on by 2^6 nanoseconds an instruction: more than a tick, so that each of them is seen. */
const clockShift = 6;
/** Of the 25 MHz timer of the MPS2 boards. */
const nanosecondsPerTick = 40;
const support = path.join(__dirname, "cortex-m");

/** Skips where the compiler or the simulator of Debian (gcc-arm-none-eabi, libnewlib-arm-none-eabi, qemu-system-arm) is missing. */
export function requireCortexM(context: Mocha.Context): void {
  requireTool(context, "arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm");
}

/**
 * Compiles a model's C program for a Cortex-M, with every warning an error, and runs it in the simulator.
 *
 * @param inputs raw inputs of the samples, back to back
 * @returns the raw outputs, back to back
 * @throws Error with what the compiler, the linker (which says by how much a model does not fit) or the program printed
 */
export function runOnCortexM(model: Model, inputs: TensorData, processor: CortexM): Buffer {
  const { files } = sketchOf(model, { template: "stdio" });
  return inFolder((folder) => run(folder, compile(folder, files, processor), processor, inputs));
}

/** What a run of a model takes on a processor. */
export interface CortexMMeasurement {
  /** Instructions of one run. How many cycles they take depends on the chip and its memories. */
  instructions: number;
  /** Bytes of stack at the run's deepest. */
  stackBytes: number;
  /** Code, constants and the values of initialized data, with the start-up code. */
  flashBytes: number;
  /** Data without the stack. */
  ramBytes: number;
}

/**
 * Counts the instructions of one run, exactly: the simulator lets its clock go on by a fixed time with each of them, and
 * the program reads a timer.
 *
 * @param input raw input of one sample
 */
export function measureOnCortexM(
  model: Model,
  input: TensorData,
  processor: Exclude<CortexM, "Cortex-M0">,
): CortexMMeasurement {
  const { "main.c": _, ...files } = sketchOf(model, { template: "stdio" }).files;
  return inFolder((folder) => {
    const elf = compile(folder, files, processor, path.join(support, "measure.c"));
    const outputs = run(folder, elf, processor, input, ["-icount", `shift=${clockShift},sleep=off`]);
    const sections = runTool("arm-none-eabi-size", ["-A", elf]).toString();
    const section = (name: string): number => Number(new RegExp(`^\\.${name}\\s+(\\d+)`, "m").exec(sections)?.[1] ?? 0);
    return {
      instructions: Math.round((outputs.readUInt32LE(0) * nanosecondsPerTick) / 2 ** clockShift),
      stackBytes: outputs.readUInt32LE(4),
      flashBytes: section("text") + section("data"),
      ramBytes: section("data") + section("bss"),
    };
  });
}

function inFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(path.join(tmpdir(), "tinyml-cortex-m-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Compiles and links a program of C files, these and others on disk; the path of the result. */
function compile(
  folder: string,
  files: Readonly<Record<string, string>>,
  processor: CortexM,
  ...others: string[]
): string {
  const { flags, flashBytes, ramBytes }: Machine = cortexMachines[processor];
  const source = path.join(folder, "source");
  mkdirSync(source);
  writeSketch({ name: "model", files: { ...files } }, source);
  const elf = path.join(folder, "model.elf");
  const sizes = { flash_bytes: flashBytes, ram_bytes: ramBytes, stack_bytes: stackBytes };
  runTool("arm-none-eabi-gcc", [
    ...[...flags, "-mthumb", "-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic"],
    ...["-ffunction-sections", "-fdata-sections", "-I", support],
    ...Object.keys(files)
      .filter((name) => name.endsWith(".c"))
      .map((name) => path.join(source, name)),
    ...[path.join(support, "start.c"), ...others, "-I", source],
    ...["-nostartfiles", "-Wl,--gc-sections", "-T", path.join(support, "link.ld")],
    ...Object.entries(sizes).map(([name, bytes]) => `-Wl,--defsym=${name}=${bytes}`),
    ...["-o", elf],
  ]);
  return elf;
}

/** Runs a program to its end with these inputs; its outputs. */
function run(folder: string, elf: string, processor: CortexM, inputs: TensorData, options: readonly string[] = []) {
  writeFileSync(path.join(folder, "inputs.bin"), new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength));
  writeFileSync(path.join(folder, "outputs.bin"), "");
  const args = [
    ...["-M", cortexMachines[processor].qemu, "-kernel", elf, ...options],
    ...["-display", "none", "-monitor", "none", "-serial", "none"],
    ...["-semihosting-config", "enable=on,target=native"],
  ];
  runTool("qemu-system-arm", args, undefined, folder);
  return readFileSync(path.join(folder, "outputs.bin"));
}
