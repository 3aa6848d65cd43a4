import type { Tensor } from "./model";

/**
 * The names by which people tell the inputs or the outputs of a model apart: those of the file, made different where the
 * file gives none or the same one twice ("input", "input 2").
 */
export function tensorNames(tensors: readonly Tensor[], unnamed: "input" | "output"): string[] {
  const names = new Set<string>();
  // where the search for each name's next number goes on: begun anew, it would take forever for thousands of equal names
  const numbers = new Map<string, number>();
  for (const { name } of tensors) {
    const wanted = name || unnamed;
    let number = numbers.get(wanted) ?? 1;
    let free = wanted;
    while (names.has(free)) free = `${wanted} ${++number}`;
    numbers.set(wanted, number);
    names.add(free);
  }
  return [...names];
}
