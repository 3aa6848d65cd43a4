import { parseArgs } from "node:util";
import { TinymlError } from "../errors";

/** The options of a command: those with a value, and those without. */
export interface OptionNames<Value extends string, Flag extends string> {
  /** Options with a value that must be there. */
  required?: readonly Value[];
  /** Options with a value that may be left out. */
  optional?: readonly Value[];
  flags?: readonly Flag[];
}

export interface ParsedArguments<Value extends string, Flag extends string> {
  /** The command's one argument without a name: a file. */
  file: string;
  /** The value of an option; for those that must be there it is. */
  value(name: Value): string | undefined;
  required(name: Value): string;
  flag(name: Flag): boolean;
}

/**
 * Reads a command's arguments: one file, then its options.
 * @param what how messages name the file ("a recipe")
 * @throws TinymlError TINYML_USAGE
 */
export function parseArguments<Value extends string, Flag extends string = never>(
  argv: readonly string[],
  what: string,
  names: OptionNames<Value, Flag>,
): ParsedArguments<Value, Flag> {
  const options: Record<string, { type: "string" | "boolean" }> = {};
  for (const name of [...(names.required ?? []), ...(names.optional ?? [])]) options[name] = { type: "string" };
  for (const name of names.flags ?? []) options[name] = { type: "boolean" };
  const { values, positionals } = parse(argv, options);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) {
    throw new TinymlError("TINYML_USAGE", `This command takes ${what} and nothing more than its options.`);
  }
  const value = (name: Value): string | undefined => {
    const found = values[name];
    return typeof found === "string" ? found : undefined;
  };
  const required = (name: Value): string => {
    const found = value(name);
    if (found === undefined || found === "") throw new TinymlError("TINYML_USAGE", `The option --${name} is missing.`);
    return found;
  };
  for (const name of names.required ?? []) required(name);
  return { file, value, required, flag: (name) => values[name] === true };
}

function parse(argv: readonly string[], options: Record<string, { type: "string" | "boolean" }>) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TinymlError("TINYML_USAGE", message, { cause: error });
  }
}
