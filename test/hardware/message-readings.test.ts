import assert from "node:assert/strict";
import { createMessageReader, readingsOfPayload } from "../../src/hardware/message-readings";

describe("the readings of a message", () => {
  it("of a list of objects are in the order of the first one's names", () => {
    const expected = {
      readings: [
        [1, 2],
        [10, 20],
      ],
      channels: ["x", "y"],
    };
    const list = [
      { x: 1, y: 2 },
      { y: 20, x: 10 },
    ];
    assert.deepEqual(readingsOfPayload(list), expected);
    assert.deepEqual(readingsOfPayload(JSON.stringify(list)), expected);
    assert.deepEqual(readingsOfPayload(list, ["y"]), { readings: [[2], [20]], channels: ["y"] });
  });

  it("of a list of objects are none where one lacks a channel of the first", () => {
    assert.throws(() => readingsOfPayload([{ x: 1, y: 2 }, { x: 10 }]), {
      code: "TINYML_CHANNEL_COUNT",
      message: 'msg.payload has no number "y"; it has x.',
    });
  });

  it("of objects that come one by one keep the order of the names, and other names are others", () => {
    const read = createMessageReader();
    assert.deepEqual(read({ x: 1, y: 2 }), { readings: [[1, 2]], channels: ["x", "y"] });
    assert.deepEqual(read({ y: 20, x: 10 }), { readings: [[10, 20]], channels: ["x", "y"] });
    assert.deepEqual(read([3, 4]), { readings: [[3, 4]] });
    assert.deepEqual(read({ y: 20, x: 10 }), { readings: [[10, 20]], channels: ["x", "y"] });
    assert.deepEqual(read({ t: 5 }), { readings: [[5]], channels: ["t"] });
  });

  it("of lines are none where a line is none, though the others name their channels", () => {
    assert.throws(() => readingsOfPayload("x:1,y:2\nSENSOR ERROR\nx:3,y:4\n"), { code: "TINYML_NOT_A_NUMBER" });
  });
});
