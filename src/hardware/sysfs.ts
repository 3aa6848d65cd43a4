import { constants } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { TinymlError } from "../errors";
import { systemErrorCode } from "../storage";

/** A failed access to a device's files as TINYML_HARDWARE_FAILED: what happened, what to do, and the system's own word for it. */
export function systemError(thrown: unknown, what: string, advice: string): TinymlError {
  const code = systemErrorCode(thrown);
  if (code === "EACCES" || code === "EPERM") {
    return new TinymlError(
      "TINYML_HARDWARE_FAILED",
      `${what}: the user who runs Node-RED has no permission for it. On a Raspberry Pi, add that user to the groups gpio, i2c and spi (${code}).`,
      { cause: thrown },
    );
  }
  return new TinymlError("TINYML_HARDWARE_FAILED", `${what}${code ? ` (${code})` : ""}. ${advice}.`, { cause: thrown });
}

/** The promise's outcome, or the error of `late` after so many milliseconds; what the promise does later is ignored. */
export function withTimeout<T>(promise: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** What a file of sysfs says, without the line break. */
export async function readAttribute(path: string): Promise<string> {
  return (await readFile(path, "utf8")).trim();
}

/** Writes to a file of sysfs, which has to be there: sysfs does not let files be made. */
export async function writeAttribute(path: string, value: number): Promise<void> {
  await writeFile(path, String(value), { flag: constants.O_WRONLY | constants.O_TRUNC });
}
