import { readFlag, readText, storedSettings } from "../settings";

/** Settings of the node that writes a sketch. */
export interface ExportConfig {
  /** The stored model that is taken when the message brings none; empty for none. */
  model: string;
  board: string;
  /** The sketch's name; empty to name it after the model. */
  sketch: string;
  /** Whether files of other people in the sketch's folder are overwritten. */
  force: boolean;
}

/** The settings of a new node, as the editor stores them. */
export const defaults = { name: "", model: "", board: "uno", sketch: "", force: false };

/** The settings from what the editor stored. TINYML_CONFIG_INVALID says which is wrong. */
export function parseConfig(stored: unknown): ExportConfig {
  const settings = storedSettings(stored);
  return {
    model: readText(settings, "model", ""),
    board: readText(settings, "board", defaults.board) || defaults.board,
    sketch: readText(settings, "sketch", ""),
    force: readFlag(settings, "force", defaults.force),
  };
}
