import type { Table } from "./table";

/**
 * The table with its classes in the model's order. In a CSV file the labels count in the order in which they are met, which may be
 * another one. Unchanged where it is the same order, or where the table has a label that the model doesn't know: whoever compares them
 * will say so.
 */
export function withLabelsOf<Labelled extends Table>(labels: readonly string[] | undefined, table: Labelled): Labelled {
  const own = table.labels;
  if (labels === undefined || own === undefined) return table;
  if (own.length === labels.length && own.every((label, i) => label === labels[i])) return table;
  const places = own.map((label) => labels.indexOf(label));
  if (places.includes(-1)) return table;
  return { ...table, labels, outputs: table.outputs.map((index) => places[index]) };
}
