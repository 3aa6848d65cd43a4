/** A setting that two recipes don't share: where it stands, and its text in both; "–" where it is missing. */
export type Difference = readonly [path: string, first: string, second: string];

/** The settings in which two recipes differ, in the order of the first. */
export function differencesOf(first: unknown, second: unknown): Difference[] {
  const [one, two] = [settingsOf(first), settingsOf(second)];
  return [...new Set([...one.keys(), ...two.keys()])]
    .map((path): Difference => [path, one.get(path) ?? "–", two.get(path) ?? "–"])
    .filter(([, before, after]) => before !== after);
}

/** Each plain value by its path, such as "layers.1.units"; lists of plain values are one. */
function settingsOf(value: unknown, path = ""): Map<string, string> {
  const isBranch =
    typeof value === "object" &&
    value !== null &&
    (!Array.isArray(value) || value.some((entry) => typeof entry === "object" && !Array.isArray(entry)));
  if (!isBranch) return new Map([[path, typeof value === "string" ? value : JSON.stringify(value)]]);
  return new Map(
    Object.entries(value).flatMap(([key, entry]) => [...settingsOf(entry, path === "" ? key : `${path}.${key}`)]),
  );
}
