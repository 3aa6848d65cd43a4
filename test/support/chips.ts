import type { Model, TensorData } from "../../src/model/model";
import { type Atmega, atmegaChips, requireAvr, runOnAtmega } from "./atmega";
import { type CortexM, cortexMachines, requireCortexM, runOnCortexM } from "./cortex-m";

/** A simulated chip. */
export type Chip = CortexM | Atmega;

/** What compilers and linkers say of a model that is too large for a chip. */
export const tooLarge = /region .* overflowed|not within region|too large|no RAM is left/;

/** Skips where the compiler or the simulator of a chip is missing. */
export function requireChip(context: Mocha.Context, chip: Chip): void {
  if (isAtmega(chip)) requireAvr(context);
  else requireCortexM(context);
}

/**
 * Compiles a model's C program for a chip, with every warning an error, and runs it in the chip's simulator.
 *
 * @param inputs raw inputs of the samples, back to back
 * @returns the raw outputs, back to back
 * @throws Error with what compiler, linker or program printed; it matches `tooLarge` where the chip lacks memory
 */
export function runOnChip(model: Model, inputs: TensorData, chip: Chip): Buffer {
  return isAtmega(chip) ? runOnAtmega(model, inputs, chip) : runOnCortexM(model, inputs, chip);
}

/** All of them. */
export const chips: readonly Chip[] = Object.keys({ ...cortexMachines, ...atmegaChips }).filter(isChip);

function isChip(name: string): name is Chip {
  return name in cortexMachines || name in atmegaChips;
}

function isAtmega(chip: Chip): chip is Atmega {
  return chip in atmegaChips;
}
