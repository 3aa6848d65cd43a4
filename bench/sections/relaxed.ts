import { existsSync, readFileSync } from "node:fs";
import { sharedModelPath } from "../../test/support/shared-models";
import { library } from "../library";
import { type Callable, callMicroseconds } from "../measure";
import { digitsNetwork, untrained } from "../networks";
import { keywordCnn, pictureModel, smallDigitsCnn } from "../pictures";
import { digits, type Section } from "../report";

/** Float networks by the kernels of relaxed SIMD against the plain ones, which train; in a Node that has relaxed SIMD. */
export async function measureRelaxed(): Promise<Section> {
  const networks = [smallDigitsCnn(), keywordCnn()].map((network) => ({
    name: network.name,
    model: pictureModel(network),
  }));
  const dense = digitsNetwork();
  networks.push({ name: dense.name, model: untrained(dense) });
  const publicFile = sharedModelPath("kws_ref_model_float32.tflite");
  if (existsSync(publicFile)) {
    networks.push({ name: "kws_ref_model_float32", model: library.readTflite(readFileSync(publicFile)) });
  }
  const rows: string[][] = [];
  for (const { name, model } of networks) {
    const [input] = model.inputs.map((index) => model.tensors[index]);
    const values = Float32Array.from(
      { length: library.elementCount(input.shape) },
      (_, i) => ((i * 89) % 256) / 128 - 1,
    );
    const runs = (loaded: ReturnType<typeof library.loadModel>): Callable => ({
      run(calls) {
        for (let i = 0; i < calls; i++) loaded.run([values]);
      },
    });
    const [fastest, reproducible] = await callMicroseconds([
      runs(library.loadModel(model, "fastest")),
      runs(library.loadModel(model, "reproducible")),
    ]);
    const { macs } = library.summarizeModel(model, 0);
    rows.push([
      name,
      macs.toLocaleString("en-US"),
      digits(fastest / reproducible),
      digits(fastest),
      digits(reproducible),
    ]);
  }
  return {
    title: "Relaxed SIMD",
    tables: [
      {
        caption:
          "Float networks, one sample at a time, by relaxed SIMD: the time as a share of the plain kernels' in this run, then median microseconds, as of this machine.",
        columns: ["network", "MACs", "share", "relaxed, µs", "plain, µs"],
        rows,
      },
    ],
    notes: [
      `Node ${process.version}. int8 layers take inputs ${library.kernels().byteInputs() ?? "widened"} on this machine.`,
    ],
    checks: [],
  };
}
