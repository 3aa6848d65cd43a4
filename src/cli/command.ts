import type { TinymlError } from "../errors";

/** One command of `tinyml`. */
export interface Command {
  /** How it is called and what it does, as `--help` prints it. */
  usage: string;
  /** Does the command's work; nothing is printed here but progress on a terminal. */
  run(argv: readonly string[]): Promise<Report>;
}

/** What a command has to say on standard output. */
export interface Report {
  /** What `--json` prints: docs/cli.md describes it. */
  json: Readonly<Record<string, unknown>>;
  /** What is printed without `--json`; empty for nothing. */
  text: string;
  /** Whether `--json` was given. */
  asJson: boolean;
  /** What went wrong in spite of it: it is told on standard error, and the command has failed. */
  problem?: TinymlError;
}
