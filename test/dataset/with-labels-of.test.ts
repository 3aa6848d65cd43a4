import assert from "node:assert/strict";
import { readCsv } from "../../src/dataset/read-csv";
import { withLabelsOf } from "../../src/dataset/with-labels-of";

describe("withLabelsOf", () => {
  const table = readCsv("x,label\n1,on\n2,off\n3,on\n");

  it("puts the classes in the model's order, and knows classes without rows", () => {
    const ordered = withLabelsOf(["dim", "off", "on"], table);
    assert.deepEqual(
      [ordered.labels, [...ordered.outputs]],
      [
        ["dim", "off", "on"],
        [2, 1, 2],
      ],
    );
    assert.deepEqual(
      [table.labels, [...table.outputs]],
      [
        ["on", "off"],
        [0, 1, 0],
      ],
    );
  });

  it("changes nothing where there is nothing to do, or a label that the model doesn't know", () => {
    assert.equal(withLabelsOf(["on", "off"], table), table);
    assert.equal(withLabelsOf(["off", "dim"], table), table);
    assert.equal(withLabelsOf(undefined, table), table);
    const regression = readCsv("x,y\n1,2\n");
    assert.equal(withLabelsOf(["on"], regression), regression);
  });
});
