/** What a section of the bench found: tables and sentences for results.md, and the targets it was held against. */
export interface Section {
  title: string;
  tables: readonly Table[];
  /** Sentences under the tables: how it was measured. */
  notes: readonly string[];
  checks: readonly Check[];
}

export interface Table {
  /** A line above the table. */
  caption: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A target, and whether this run met it. */
export interface Check {
  what: string;
  passed: boolean;
  measured: string;
}

/** A section in Markdown. */
export function sectionText(section: Section): string {
  const parts = [`## ${section.title}`];
  for (const { caption, columns, rows } of section.tables) {
    const lines = [columns, columns.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
    parts.push(caption, lines.join("\n"));
  }
  if (section.notes.length > 0) parts.push(section.notes.join(" "));
  if (section.checks.length > 0) parts.push(section.checks.map((check) => `- ${checkText(check)}`).join("\n"));
  return parts.join("\n\n");
}

/** A check in one line. */
export function checkText({ what, passed, measured }: Check): string {
  return `${passed ? "pass" : "FAIL"}: ${what}; measured: ${measured}`;
}

/** A number for a table, with three digits that count. */
export function digits(value: number): string {
  if (value === 0) return "0";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
