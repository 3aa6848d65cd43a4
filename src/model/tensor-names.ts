import type { Tensor } from "./model";

/**
 * The names by which people tell the inputs or the outputs of a model apart: those of the file, made different where the
 * file gives none or the same one twice ("input", "input 2").
 */
export function tensorNames(tensors: readonly Tensor[], unnamed: "input" | "output"): string[] {
  const names: string[] = [];
  for (const { name } of tensors) {
    const wanted = name || unnamed;
    let free = wanted;
    for (let number = 2; names.includes(free); number++) free = `${wanted} ${number}`;
    names.push(free);
  }
  return names;
}
