import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { AVRUSART, avrInstruction, CPU, usart0Config } from "avr8js";
import { findBoard } from "../../src/boards/boards";
import type { Model, TensorData } from "../../src/model/model";
import { elementBytes, elementCount } from "../../src/model/tensor";
import { writeSketch } from "./arduino";
import { sketchOf } from "./sketches";
import { requireTool, runTool } from "./tools";

/** The simulated chips: memories, and where in RAM's address space the RAM begins, after the registers. */
export const atmegaChips = {
  ATmega328P: { mcu: "atmega328p", flashBytes: 32 * 1024, ramBytes: 2 * 1024, ramStart: 0x100 },
  ATmega2560: { mcu: "atmega2560", flashBytes: 256 * 1024, ramBytes: 8 * 1024, ramStart: 0x200 },
} as const;

export type Atmega = keyof typeof atmegaChips;

const clockHertz = 16e6;
/** Cycles that a sample may take before the program counts as hung: a simulated minute. */
const cyclesPerSample = 60 * clockHertz;
/** Registers below the simulator's RAM; a chip with more of them has them in what the simulator takes for RAM. */
const simulatedRegisters = 0x100;
/** What a sketch leaves to the stack; the bytes next to the data must stay as they are. */
const { stackBytes } = findBoard("uno");
const guardBytes = 16;
const guardByte = 0xa5;
/** Where avr-gcc counts addresses of RAM from. */
const ramInElf = 0x800000;

/** Skips where Debian's gcc-avr and avr-libc are missing. */
export function requireAvr(context: Mocha.Context): void {
  requireTool(context, "avr-gcc", "avr-nm", "avr-objcopy");
}

/**
 * Compiles a model's C program for an ATmega, with every warning an error, and runs it in the simulator: samples come in
 * and outputs go out over the serial port.
 *
 * @param inputs raw inputs of the samples, back to back
 * @returns the raw outputs, back to back
 * @throws Error with what the compiler or the linker printed, when the program takes more RAM than the chip has, or when it
 *   answers nothing
 */
export function runOnAtmega(model: Model, inputs: TensorData, chip: Atmega): Buffer {
  const { flashBytes, ramBytes, ramStart } = atmegaChips[chip];
  const { binary, ramEnd } = compile(sketchOf(model, { template: "stdio" }).files, chip);
  if (ramEnd + stackBytes > ramStart + ramBytes) throw new Error("no RAM is left for the stack");
  const program = new Uint8Array(flashBytes);
  program.set(binary);
  const cpu = new CPU(new Uint16Array(program.buffer), ramStart + ramBytes - simulatedRegisters);
  const guard = cpu.data.subarray(ramEnd, ramEnd + guardBytes).fill(guardByte);
  const usart = new AVRUSART(cpu, usart0Config, clockHertz);
  const outputs: number[] = [];
  usart.onByteTransmit = (byte) => outputs.push(byte);

  const bytes = new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength);
  const inputBytes = sampleBytes(model, model.inputs);
  const outputBytes = sampleBytes(model, model.outputs);
  for (let sample = 0; sample < bytes.length / inputBytes; sample++) {
    let next = sample * inputBytes;
    const deadline = cpu.cycles + cyclesPerSample;
    while (outputs.length < (sample + 1) * outputBytes) {
      // A byte is sent when the one before it has been received and read; reading it takes the program less than a byte's time.
      if (next < (sample + 1) * inputBytes && usart.rxEnable && !usart.rxBusy) usart.writeByte(bytes[next++]);
      avrInstruction(cpu);
      cpu.tick();
      if (cpu.cycles > deadline) throw new Error(`sample ${sample}: no output within a simulated minute`);
    }
    if (guard.some((byte) => byte !== guardByte)) throw new Error("the stack ran into the data");
  }
  return Buffer.from(outputs);
}

function sampleBytes(model: Model, indices: readonly number[]): number {
  const tensors = indices.map((index) => model.tensors[index]);
  return tensors.reduce((sum, { shape, type }) => sum + elementCount(shape) * elementBytes(type), 0);
}

/** Compiles and links a program of C files; what goes into flash, and the first address of RAM that its data leave. */
function compile(files: Readonly<Record<string, string>>, chip: Atmega): { binary: Buffer; ramEnd: number } {
  const folder = mkdtempSync(path.join(tmpdir(), "tinyml-atmega-"));
  try {
    writeSketch({ name: "model", files: { ...files } }, folder);
    const elf = path.join(folder, "model.elf");
    runTool("avr-gcc", [
      ...[`-mmcu=${atmegaChips[chip].mcu}`, "-std=gnu11", "-Os", "-Wall", "-Wextra", "-Werror"],
      ...["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"],
      ...Object.keys(files)
        .filter((name) => name.endsWith(".c"))
        .map((name) => path.join(folder, name)),
      path.join(__dirname, "atmega", "uart.c"),
      ...["-o", elf],
    ]);
    const binary = path.join(folder, "model.bin");
    runTool("avr-objcopy", ["-O", "binary", "-R", ".eeprom", elf, binary]);
    const [, address] = /^(\w+) \w _end$/m.exec(runTool("avr-nm", [elf]).toString()) ?? [];
    return { binary: readFileSync(binary), ramEnd: Number.parseInt(address, 16) - ramInElf };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
