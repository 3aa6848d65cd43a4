import { TinymlError } from "../errors";

/** What the linker needs besides a kernel file: functions that it calls in another one. */
const calledFiles: Readonly<Record<string, readonly string[]>> = {
  "float_activation.c": ["math.c"],
  "float_lstm.c": ["float_activation.c"],
  "int8_lstm.c": ["int16_activation.c"],
  "int16_lstm.c": ["int16_activation.c"],
  "float_elementwise.c": ["math.c"],
  "float_l2_normalize.c": ["math.c"],
  "statistics.c": ["math.c"],
};

/**
 * The kernel sources that a sketch needs: the named C files, those that they call, and the headers of all of them.
 * @param sources the files of src/kernels by name
 */
export function collectKernelFiles(
  sources: Readonly<Record<string, string>>,
  wanted: readonly string[],
): Record<string, string> {
  const files: Record<string, string> = {};
  const add = (name: string): void => {
    if (name in files) return;
    const text = sources[name];
    if (text === undefined) {
      throw new TinymlError("TINYML_INTERNAL", `The kernel file ${name} is missing; reinstall the package.`);
    }
    files[name] = text;
    for (const [, header] of text.matchAll(/^#include "([^"]+)"/gm)) add(header);
    for (const called of calledFiles[name] ?? []) add(called);
  };
  for (const name of wanted) add(name);
  return files;
}
