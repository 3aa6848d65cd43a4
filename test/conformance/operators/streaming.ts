import * as fc from "fast-check";
import { createRandom } from "../../../src/dataset/random";
import { Graph } from "../../tflite/models";
import { bytesOf } from "../run-samples";
import { computed, type Kind, one, PLAIN, type Samples } from "./random-model";

/*
 * Random streaming models: a resource variable holds the last rows of what came, and each sample's rows are put behind it.
 * What they give is known without running them.
 */

export interface Stream extends Samples {
  /** All outputs of all samples back to back. */
  output: Uint8Array;
  /** How many copies of the variable must be taken, because the variable changes before they are read for the last time. */
  copies: number;
}

export function anyStream(kind: Kind): fc.Arbitrary<Stream> {
  return fc
    .record(
      {
        kept: fc.integer({ min: 1, max: 6 }),
        rows: fc.integer({ min: 1, max: 4 }),
        channels: fc.integer({ min: 1, max: 5 }),
        zeroPoint: fc.integer({ min: -128, max: 127 }),
        samples: fc.integer({ min: 1, max: 5 }),
        begin: fc.constantFrom("nothing is said", "at one number", "anywhere"),
        // outputs beside the rows in their order
        late: fc.boolean(),
        again: fc.boolean(),
        container: fc.constantFrom("", "box"),
        seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      },
      PLAIN,
    )
    .map(({ kept, rows, channels, zeroPoint, samples, begin, late, again, container, seed }) => {
      const { uint32 } = createRandom(seed);
      const scale = one(0.5, kind === "int8" ? zeroPoint : 0);
      const random = (count: number) => randomData(kind, count, uint32);
      const graph = new Graph();
      const tensor = (name: string, length: number) => graph.tensor(computed(name, kind, [1, length, channels], scale));
      const list = (name: string, ...values: number[]) =>
        graph.tensor({ name, type: "int32", shape: [values.length], data: Int32Array.from(values) });
      const join = (from: number, to: number) => {
        const options = { axis: 1, activation: "NONE" } as const;
        graph.operator({ type: "CONCATENATION", inputs: [from, input], outputs: [to], options });
      };
      const input = tensor("input", rows);
      const zero = scale.zeroPoints[0];
      const count = kept * channels;
      const initial = begin === "anywhere" ? random(count) : random(count).fill(begin === "at one number" ? 3 : zero);
      const variable = () =>
        graph.tensor({
          ...computed("state", kind, [1, kept, channels], scale),
          variable: true,
          ...(begin !== "nothing is said" && { initial }),
          resource: { container, name: "stream/states" },
        });
      const [state, copy, joined] = [variable(), tensor("copy", kept), tensor("joined", kept + rows)];
      const [from, size, next] = [list("begin", 0, rows, 0), list("size", 1, kept, channels), tensor("next", kept)];
      graph.operator({ type: "READ_VARIABLE", inputs: [state], outputs: [copy], options: {} });
      join(copy, joined);
      graph.operator({ type: "SLICE", inputs: [joined, from, size], outputs: [next], options: {} });
      graph.operator({ type: "ASSIGN_VARIABLE", inputs: [state, next], outputs: [], options: {} });
      const outputs = [joined];
      if (late) {
        const once = tensor("joined after the variable changed", kept + rows);
        join(copy, once);
        outputs.push(once);
      }
      if (again) {
        // a further tensor that stands for the same variable
        variable();
        const changed = tensor("what the variable holds then", kept);
        graph.operator({ type: "READ_VARIABLE", inputs: [state], outputs: [changed], options: {} });
        outputs.push(changed);
      }
      const given = random(samples * rows * channels);
      // what came, with what was there before it
      const all = Buffer.concat([initial, given].map(bytesOf));
      const row = all.length / (kept + samples * rows);
      const output = Array.from({ length: samples }, (_, sample) => {
        const at = (place: number) => (sample * rows + place) * row;
        const both = all.subarray(at(0), at(kept + rows));
        return [both, ...(late ? [both] : []), ...(again ? [all.subarray(at(rows), at(rows + kept))] : [])];
      });
      return {
        model: graph.model([input], outputs),
        input: given,
        output: Buffer.concat(output.flat()),
        copies: Number(late) + Number(again),
      };
    });
}

function randomData(kind: Kind, count: number, uint32: () => number): Samples["input"] {
  if (kind === "int8") return Int8Array.from({ length: count }, uint32);
  if (kind === "int16") return Int16Array.from({ length: count }, uint32);
  return Float32Array.from({ length: count }, () => uint32() / 2 ** 31 - 1);
}
