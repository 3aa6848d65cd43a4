import { TinymlError } from "../errors";
import { createRandom, type Random } from "./random";
import { allRows, type Split, type Table } from "./table";

export interface SplitOptions {
  /** The share of the rows that validate, 0 ≤ validation < 1; 0.25 where absent. */
  validation?: number;
  /** The same seed gives the same split. */
  seed?: number;
  /** Gives each class its share of the validation rows; true where absent. Regression has no classes. */
  stratify?: boolean;
}

/** What of a table decides its split: anything but the samples themselves. */
export type SplitTable = Pick<Table, "task" | "labels" | "outputs" | "groups" | "splits" | "rows">;

/** The rows of each side of a split, in the order of the table. */
export type SplitRows = Readonly<Record<Split, Uint32Array>>;

/**
 * Splits a table into rows to train on and rows to validate with. Rows whose side was decided on recording go there, those for a test
 * nowhere else; rows of one group stay on one side; all others are drawn by chance. Training keeps at least one row of each class, so
 * a table with a single group, or one row per class, has no validation rows. Throws TINYML_CONFIG_INVALID for a share outside [0, 1).
 */
export function splitRows(table: SplitTable, options: SplitOptions = {}): SplitRows {
  const { validation = 0.25, seed = 0, stratify = true } = options;
  if (!(validation >= 0 && validation < 1)) {
    throw new TinymlError(
      "TINYML_CONFIG_INVALID",
      `The share of validation rows must be at least 0 and below 1, not ${validation}.`,
    );
  }
  const byClass = stratify && table.task === "classification";
  const classOf = (row: number): number => (byClass ? (table.outputs[row] ?? 0) : 0);
  const classes = byClass ? (table.labels?.length ?? 1) : 1;
  const random = createRandom(seed);

  const total = new Array<number>(classes).fill(0);
  const sides = new Array<Split>(table.rows).fill("training");
  const chosen = new Array<number>(classes).fill(0);
  const choose = (row: number): void => {
    sides[row] = "validation";
    chosen[classOf(row)] = (chosen[classOf(row)] ?? 0) + 1;
  };
  const groups = new Map<string, number[]>();
  const singles: number[][] = Array.from({ length: classes }, () => []);
  for (let row = 0; row < table.rows; row++) {
    const side = table.splits?.[row];
    const group = table.groups?.[row];
    if (side === "test") {
      sides[row] = side;
      continue;
    }
    total[classOf(row)] = (total[classOf(row)] ?? 0) + 1;
    if (side === "validation") choose(row);
    else if (side === "training") continue;
    else if (!group) singles[classOf(row)]?.push(row);
    else if (groups.has(group)) groups.get(group)?.push(row);
    else groups.set(group, [row]);
  }

  const wanted = total.map((count) => count * validation);
  chooseGroups(groups, { random, total, wanted, chosen, classOf, choose });
  chooseRows(singles, { random, total, wanted, chosen, choose });

  const all = allRows(table);
  const rowsOf = (side: Split): Uint32Array => all.filter((row) => sides[row] === side);
  return { training: rowsOf("training"), validation: rowsOf("validation"), test: rowsOf("test") };
}

interface Choice {
  random: Random;
  /** Per class: the rows, those wanted for validation (a fraction), those chosen so far. */
  total: readonly number[];
  wanted: readonly number[];
  chosen: readonly number[];
  choose(row: number): void;
}

/**
 * Puts a group on the validation side when the classes' shares come closer to the wanted ones by it (sum of squares) and training
 * is left with rows of each class; where it makes no difference to the classes, the share of the whole decides. Large groups go
 * first, for small ones can still correct what they leave.
 */
function chooseGroups(
  groups: ReadonlyMap<string, readonly number[]>,
  { random, total, wanted, chosen, classOf, choose }: Choice & { classOf(row: number): number },
): void {
  const list = [...groups.values()];
  const order = list.map((_, i) => i);
  random.shuffle(order);
  const shuffled = order.map((i) => list[i] ?? []).sort((a, b) => b.length - a.length);
  for (const rows of shuffled) {
    const counts = new Map<number, number>();
    for (const row of rows) counts.set(classOf(row), (counts.get(classOf(row)) ?? 0) + 1);
    const open = sum(wanted) - sum(chosen);
    const wholeChange = (rows.length - open) ** 2 - open ** 2;
    let change = 0;
    let exhausts = false;
    for (const [index, count] of counts) {
      const missing = (wanted[index] ?? 0) - (chosen[index] ?? 0);
      change += (count - missing) ** 2 - missing ** 2;
      exhausts ||= (chosen[index] ?? 0) + count >= (total[index] ?? 0);
    }
    if ((change < 0 || (change === 0 && wholeChange <= 0)) && !exhausts) rows.forEach(choose);
  }
}

/** Draws rows without a group until each class has its share: less than one row off, and all classes together exactly rounded. */
function chooseRows(singles: readonly (readonly number[])[], { random, total, wanted, chosen, choose }: Choice): void {
  const missing = singles.map((rows, index) => {
    const count = (wanted[index] ?? 0) - (chosen[index] ?? 0);
    const most = Math.min(rows.length, (total[index] ?? 0) - (chosen[index] ?? 0) - 1);
    return { index, most, whole: Math.max(0, Math.min(Math.floor(count), most)), fraction: count - Math.floor(count) };
  });
  let open = Math.round(sum(wanted)) - sum(chosen) - sum(missing.map(({ whole }) => whole));
  const order = missing.map((_, i) => i);
  // Classes with equal fractions take their turn by chance.
  random.shuffle(order);
  order.sort((a, b) => (missing[b]?.fraction ?? 0) - (missing[a]?.fraction ?? 0));
  for (const i of order) {
    const each = missing[i];
    if (each === undefined || open < 1 || each.fraction === 0 || each.whole >= each.most) continue;
    each.whole += 1;
    open -= 1;
  }
  for (const { index, whole } of missing) {
    const rows = [...(singles[index] ?? [])];
    random.shuffle(rows);
    rows.slice(0, whole).forEach(choose);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
