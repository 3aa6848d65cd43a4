import { readFileSync } from "node:fs";
import { readTflite } from "../../src/tflite/read-tflite";
import { type CortexMMeasurement, measureOnCortexM } from "../../test/support/cortex-m";
import { sharedModelPath } from "../../test/support/shared-models";
import { digits, type Section } from "../report";

/** What TensorFlow Lite Micro took, where it was measured. */
interface Tflm {
  flashBytes?: number;
  arenaBytes: number;
  stackBytes?: number;
  instructions?: number;
}

/**
 * TensorFlow Lite Micro with CMSIS-NN, -O2, error strings stripped, in the same simulator with exact instruction counts;
 * not measured by this bench. Of the keyword model only the arena is known.
 */
const models: Readonly<Record<string, Tflm>> = {
  hello_world_int8: { flashBytes: 34676, arenaBytes: 772, stackBytes: 852, instructions: 3533 },
  micro_speech_quantized: { flashBytes: 76672, arenaBytes: 6836, stackBytes: 1340, instructions: 1495372 },
  kws_ref_model: { arenaBytes: 22740 },
  person_detect: { flashBytes: 371364, arenaBytes: 82308, stackBytes: 1340, instructions: 22928483 },
};

/** What public int8 models take as C on a Cortex-M4F: flash, RAM, stack and instructions of a run. */
export async function measureBoards(): Promise<Section> {
  const measured = Object.entries(models).map(([name, tflm]) => {
    const model = readTflite(readFileSync(sharedModelPath(`${name}.tflite`)));
    const input = readFileSync(sharedModelPath(`golden/${name}.inputs.bin`));
    return { name, tflm, ours: measureOnCortexM(model, input, "Cortex-M4F") };
  });
  const count = (value: number | undefined): string => value?.toLocaleString("en-US") ?? "–";
  const share = (ours: number, theirs: number | undefined): string =>
    theirs === undefined ? "–" : digits(ours / theirs);
  return {
    title: "On a Cortex-M4F",
    tables: [
      {
        caption:
          "Instructions of one run, and bytes; then those of TensorFlow Lite Micro, and ours as a share of them.",
        columns: ["model", "", "ours", "TFLM", "share"],
        rows: measured.flatMap(({ name, tflm, ours }) => [
          [
            name,
            "instructions",
            count(ours.instructions),
            count(tflm.instructions),
            share(ours.instructions, tflm.instructions),
          ],
          ["", "flash", count(ours.flashBytes), count(tflm.flashBytes), share(ours.flashBytes, tflm.flashBytes)],
          ["", "RAM", count(ours.ramBytes), count(tflm.arenaBytes), share(ours.ramBytes, tflm.arenaBytes)],
          ["", "stack", count(ours.stackBytes), count(tflm.stackBytes), share(ours.stackBytes, tflm.stackBytes)],
        ]),
      },
    ],
    notes: [
      "The C that the template stdio writes, by arm-none-eabi-gcc -O2, in QEMU's mps2-an386, on the first golden sample; the same on every machine.",
      "Instructions are not cycles. Flash and RAM are all that the program has, start-up code and a few files' names included; TFLM's RAM is its arena alone.",
      "TFLM's figures were measured before, with CMSIS-NN, in the same simulator; – where they were not.",
    ],
    checks: measured.flatMap(({ name, tflm, ours }) => [
      ...atMost(`${name}: no more instructions than TFLM with CMSIS-NN`, ours, "instructions", tflm.instructions),
      ...atMost(`${name}: no more flash`, ours, "flashBytes", tflm.flashBytes),
      ...atMost(`${name}: no more RAM than TFLM's arena`, ours, "ramBytes", tflm.arenaBytes),
    ]),
  };
}

function atMost(what: string, ours: CortexMMeasurement, of: keyof CortexMMeasurement, limit: number | undefined) {
  if (limit === undefined) return [];
  return [{ what, passed: ours[of] <= limit, measured: `${digits(ours[of])}, TFLM ${digits(limit)}` }];
}
