import assert from "node:assert/strict";
import { boards, findBoard } from "../../src/boards/boards";

describe("boards", () => {
  it("finds a board by the name that flows and the command line use", () => {
    assert.equal(findBoard("uno").fqbn, "arduino:avr:uno");
  });

  it("names the boards that there are when one is not known", () => {
    assert.throws(() => findBoard("due"), { code: "TINYML_UNKNOWN_BOARD", message: /"due".*uno/ });
  });

  it("has each name once", () => {
    assert.equal(new Set(boards.map(({ name }) => name)).size, boards.length);
  });
});
