import { TinymlError } from "../errors";
import { createRandom, type Random } from "./random";
import type { SplitRows } from "./split-rows";
import { allRows, type Table } from "./table";

/** Rows that stay together, and how many of them each class has. */
interface Unit {
  rows: readonly number[];
  counts: ReadonlyMap<number, number>;
}

/**
 * Splits a table for k-fold cross-validation: as many splits as there are folds; each row validates in one of them and trains in all others.
 * The folds are stratified (each gets its share of every class, exactly but for one row where there are no groups), rows of one group stay in
 * one fold, and rows for a test are in none. That a row was decided to train or to validate doesn't count here.
 *
 * @param folds how many, 2 or more
 * @param seed the same seed gives the same folds
 * @throws TinymlError TINYML_CONFIG_INVALID for a number of folds that is none, TINYML_DATASET_EMPTY when there are fewer groups and rows
 *   without a group than folds
 */
export function foldRows(table: Table, folds: number, seed = 0): SplitRows[] {
  if (!Number.isInteger(folds) || folds < 2) {
    throw new TinymlError("TINYML_CONFIG_INVALID", `Cross-validation takes 2 folds or more, not ${folds}.`);
  }
  const all = allRows(table);
  const isTest = (row: number): boolean => table.splits?.[row] === "test";
  const units = unitsOf(
    table,
    all.filter((row) => !isTest(row)),
    createRandom(seed),
  );
  if (units.length < folds) {
    throw new TinymlError(
      "TINYML_DATASET_EMPTY",
      `${folds} folds need as many groups or rows without a group, but there ${units.length === 1 ? "is" : "are"} only ${units.length}. Record more, or take fewer folds.`,
    );
  }
  const foldOf = assignFolds(units, folds);
  return Array.from({ length: folds }, (_, fold) => ({
    training: all.filter((row) => !isTest(row) && foldOf.get(row) !== fold),
    validation: all.filter((row) => foldOf.get(row) === fold),
    test: all.filter(isTest),
  }));
}

/** Groups and single rows in the order in which they are given to folds: large ones first, equally large ones class by class and by chance. */
function unitsOf(table: Table, rows: Uint32Array, random: Random): Unit[] {
  const classOf = (row: number): number => (table.task === "classification" ? table.outputs[row] : 0);
  const groups = new Map<string, number[]>();
  const members: number[][] = [];
  for (const row of rows) {
    const group = table.groups?.[row] || undefined;
    const known = group === undefined ? undefined : groups.get(group);
    if (known !== undefined) {
      known.push(row);
      continue;
    }
    const started = [row];
    members.push(started);
    if (group !== undefined) groups.set(group, started);
  }
  const order = members.map((_, i) => i);
  random.shuffle(order);
  return order
    .map((i) => members[i])
    .sort((a, b) => b.length - a.length || classOf(a[0]) - classOf(b[0]))
    .map((unit) => {
      const counts = new Map<number, number>();
      for (const row of unit) counts.set(classOf(row), (counts.get(classOf(row)) ?? 0) + 1);
      return { rows: unit, counts };
    });
}

/** Gives each unit to the fold that has the smallest share of the unit's classes so far; of several the one with the fewest rows. */
function assignFolds(units: readonly Unit[], folds: number): Map<number, number> {
  const totals = new Map<number, number>();
  for (const { counts } of units) {
    for (const [index, count] of counts) totals.set(index, (totals.get(index) ?? 0) + count);
  }
  const filled = Array.from({ length: folds }, () => ({ rows: 0, counts: new Map<number, number>() }));
  const foldOf = new Map<number, number>();
  for (const { rows, counts } of units) {
    const shareIn = (fold: number): number => {
      let share = 0;
      for (const [index, count] of counts) {
        share += (count * (filled[fold].counts.get(index) ?? 0)) / (totals.get(index) ?? 1);
      }
      return share;
    };
    let best = 0;
    let least = shareIn(0);
    for (let fold = 1; fold < folds; fold++) {
      const share = shareIn(fold);
      if (share < least || (share === least && filled[fold].rows < filled[best].rows)) {
        best = fold;
        least = share;
      }
    }
    for (const row of rows) foldOf.set(row, best);
    const chosen = filled[best];
    chosen.rows += rows.length;
    for (const [index, count] of counts) chosen.counts.set(index, (chosen.counts.get(index) ?? 0) + count);
  }
  return foldOf;
}
