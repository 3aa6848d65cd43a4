import { createRequire } from "node:module";
import { join } from "node:path";
import { TinymlError } from "../errors";

/**
 * A package that the user may have installed beside ours, loaded when it is first needed: it is looked for from our own files on and
 * then in the given folders (Node-RED's user folder). @throws TinymlError TINYML_HARDWARE_MISSING, which says what to type
 */
export function loadOptionalPackage(name: "onoff" | "pigpio", folders: readonly string[] = []): object {
  let cause: unknown;
  for (const from of [__filename, ...folders.map((folder) => join(folder, "package.json"))]) {
    try {
      const loaded: unknown = createRequire(from)(name);
      if ((typeof loaded === "object" || typeof loaded === "function") && loaded !== null) return loaded;
    } catch (error) {
      cause = error;
    }
  }
  throw new TinymlError(
    "TINYML_HARDWARE_MISSING",
    `The package ${name} is not on this machine. Type "npm install ${name}" in Node-RED's user folder (~/.node-red) and restart Node-RED; or choose another driver.`,
    { cause },
  );
}

/** A new object of a package's class. @throws TinymlError TINYML_HARDWARE_FAILED where the package has none of that name */
export function construct(loaded: object, name: string, ...given: unknown[]): object {
  const found: unknown = Reflect.get(loaded, name);
  if (typeof found === "function") return Reflect.construct(found, given);
  throw new TinymlError("TINYML_HARDWARE_FAILED", `The package has no ${name}; install its newest version.`);
}

/** What a method of a package's object gives. @throws TinymlError TINYML_HARDWARE_FAILED where there is no such method */
export function call(target: object, method: string, ...given: unknown[]): unknown {
  const found: unknown = Reflect.get(target, method);
  if (typeof found === "function") return Reflect.apply(found, target, given);
  throw new TinymlError("TINYML_HARDWARE_FAILED", `The package has no ${method}(); install its newest version.`);
}
