import { parseArgs } from "node:util";
import { TinymlError } from "../errors";

/** What a command takes: one file, and options. */
export interface CommandLine<Value extends string, Flag extends string> {
  /** How messages name the file ("a recipe (a .json file)"). */
  file: string;
  /** Whether the command takes no file, by the values of its options; it always takes one without. */
  withoutFile?(value: (name: Value) => string | undefined): boolean;
  /** Options with a value that must be there. */
  required?: readonly Value[];
  /** Options with a value that may be left out. */
  optional?: readonly Value[];
  flags?: readonly Flag[];
}

export interface ParsedArguments<Value extends string, Flag extends string> {
  /** The command's one argument without a name: a file; empty where it takes none. */
  file: string;
  /** The value of an option, or undefined where it was left out. */
  value(name: Value): string | undefined;
  /** The value of an option. @throws TinymlError TINYML_USAGE where it was left out */
  required(name: Value): string;
  flag(name: Flag): boolean;
}

/**
 * Reads a command's arguments: one file and its options, in any order.
 * @throws TinymlError TINYML_USAGE
 */
export function parseArguments<Value extends string, Flag extends string = never>(
  argv: readonly string[],
  line: CommandLine<Value, Flag>,
): ParsedArguments<Value, Flag> {
  const withValue = new Set<string>([...(line.required ?? []), ...(line.optional ?? [])]);
  const flags = new Set<string>(line.flags);
  const files: string[] = [];
  const values = new Map<string, string>();
  const raised = new Set<string>();
  // Not strict: the messages of node:util speak of "positional arguments".
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries([...withValue].map((name) => [name, { type: "string" as const }])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") files.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (withValue.has(name)) {
      if (value === undefined || value === "") throw usage(`The option ${rawName} needs a value behind it.`);
      if (!token.inlineValue && value.startsWith("--")) {
        throw usage(`The option ${rawName} needs a value, but ${value} follows. (Or write ${rawName}=${value})`);
      }
      if (values.has(name)) throw usage(`The option ${rawName} stands there twice.`);
      values.set(name, value);
    } else if (flags.has(name)) {
      if (value !== undefined) throw usage(`The option ${rawName} takes no value.`);
      raised.add(name);
    } else {
      const known = [...withValue, ...flags].map((option) => `--${option}`).join(", ");
      throw usage(`There is no option ${rawName} here. Known: ${known}.`);
    }
  }
  const value = (name: Value): string | undefined => values.get(name);
  const takesFile = line.withoutFile?.(value) !== true;
  const [file = "", second] = files;
  if (takesFile && files.length === 0) throw usage(`Name ${line.file}.`);
  if (!takesFile && files.length > 0) throw usage(`No file is needed here, but "${file}" stands there.`);
  if (second !== undefined) {
    throw usage(`One file is enough here, but "${second}" follows "${file}". Put paths with spaces in quotes.`);
  }
  const required = (name: Value): string => {
    const found = values.get(name);
    if (found === undefined) throw usage(`The option --${name} is missing.`);
    return found;
  };
  for (const name of line.required ?? []) required(name);
  return { file, value, required, flag: (name) => raised.has(name) };
}

/** The error of a command line that can't be understood. */
export function usage(message: string): TinymlError {
  return new TinymlError("TINYML_USAGE", message);
}
