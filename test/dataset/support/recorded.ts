import type { Row } from "../../../src/dataset/dataset";
import type { DatasetDescription } from "../../../src/dataset/description";

/** What the recording processes of the tests record. */
export const describeRecorded: DatasetDescription = {
  version: 1,
  kind: "table",
  task: "classification",
  channels: [
    { name: "number", unit: "" },
    { name: "x", unit: "V" },
  ],
};

/** The row of that number; its label has what is hard in CSV. */
export function recordedRow(number: number): Row {
  return { values: [number, number / 3], label: `quo"ted, ${number % 2}`, group: `g${number}`, time: number };
}
