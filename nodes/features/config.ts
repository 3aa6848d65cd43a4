import { TinymlError } from "../../src/errors";
import type { FeatureBlock } from "../../src/model/metadata";
import { STATISTICS } from "../../src/model/statistics";
import { readChoice, readNumber, readText, storedSettings } from "../settings";

/** The description of a node's features; undefined where a model says it. */
export type FeaturesConfig = readonly FeatureBlock[] | undefined;

/** The settings of a new node, as the editor stores them. */
export const defaults = { name: "", source: "statistics", divide: "", statistics: "" };

/** The description from what the editor stored. TINYML_CONFIG_INVALID says which setting is wrong. */
export function parseConfig(stored: unknown): FeaturesConfig {
  const settings = storedSettings(stored);
  if (readChoice(settings, "source", ["statistics", "model"], "statistics") === "model") return undefined;
  const divide = readNumber(settings, "divide", 0, { minimum: 0, maximum: 1e30 });
  const names = readText(settings, "statistics", defaults.statistics)
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0) names.push(...STATISTICS);
  const unknown = names.find((name) => STATISTICS.every((statistic) => statistic !== name));
  if (unknown !== undefined) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      `There is no statistic "${unknown}". Open the node and name some of ${STATISTICS.join(", ")}.`,
    );
  }
  return [
    ...(divide > 0 ? [{ block: "scale" as const, divide }] : []),
    { block: "statistics", of: STATISTICS.filter((statistic) => names.includes(statistic)) },
  ];
}
