import assert from "node:assert/strict";
import { logarithmicTicks, shownEpochs } from "../../nodes/curve";

describe("editor: axes of the curve", () => {
  it("the numbers at the loss axis never touch, and there are some", () => {
    for (const pixels of [58, 74, 124]) {
      for (let span = 0.5; span < 330; span *= 1.13) {
        for (const low of [-300, -7.3, -3, -0.9]) {
          const ticks = logarithmicTicks(low, low + span, pixels);
          assert.ok(
            ticks.length >= (span < 0.8 ? 1 : 2),
            `${ticks.length} from ${low}, ${span} decades in ${pixels} pixels`,
          );
          const at = ticks.map(({ exponent }) => (exponent * pixels) / span);
          for (const [index, position] of at.slice(1).entries()) {
            assert.ok(position - (at[index] ?? 0) >= 14 - 1e-9, `${span} decades in ${pixels} pixels`);
          }
        }
      }
    }
  });

  it("marks fewer powers of ten the more there are", () => {
    const labels = (low: number, high: number): string[] => logarithmicTicks(low, high, 124).map(({ label }) => label);
    assert.deepEqual(labels(-2.1, 0.1), ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
    assert.deepEqual(labels(-12.5, 0.5), ["1e-12", "1e-10", "1e-8", "1e-6", "0.0001", "0.01", "1"]);
  });

  it("the epochs reach to the end of a run that has ended, and somewhat beyond one under way", () => {
    assert.equal(shownEpochs({ state: "stopped", epoch: 300, epochs: 200_000 }), 300);
    assert.equal(shownEpochs({ state: "failed", epoch: 0, epochs: 200_000 }), 1);
    assert.equal(shownEpochs({ state: "finished", epoch: 71, epochs: 200 }), 71);
    assert.equal(shownEpochs({ state: "running", epoch: 0, epochs: 200_000 }), 20);
    assert.equal(shownEpochs({ state: "running", epoch: 0, epochs: 5 }), 5);
    assert.equal(shownEpochs({ state: "running", epoch: 190, epochs: 200 }), 200);
    for (let epoch = 20; epoch < 90_000; epoch += 37) {
      const shown = shownEpochs({ state: "running", epoch, epochs: 200_000 });
      assert.ok(shown >= 1.2 * epoch - 1e-9 && shown <= 1.85 * epoch, `${epoch}: ${shown}`);
    }
  });
});
