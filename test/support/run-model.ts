import assert from "node:assert/strict";
import type { Model, TensorData } from "../../src/model/model";
import { loadModel } from "../../src/runtime/load-model";
import { writeTflite } from "../../src/tflite/write-tflite";
import { type LiteRtArray, loadInLiteRt } from "./litert";

/** One run of a model in the flow: the elements of its outputs. */
export function runInFlow(model: Model, inputs: readonly TensorData[]): TensorData[] {
  const loaded = loadModel(model);
  try {
    return loaded.run(inputs);
  } finally {
    loaded.dispose();
  }
}

/** One run of a model's file in LiteRT. */
export async function runInLiteRt(model: Model, inputs: readonly TensorData[]): Promise<LiteRtArray[]> {
  const loaded = await loadInLiteRt(writeTflite(model));
  try {
    const outputs = await loaded.run(inputs.map(asLiteRt));
    assert.equal(outputs.length, model.outputs.length);
    return outputs;
  } finally {
    loaded.dispose();
  }
}

function asLiteRt(data: TensorData): LiteRtArray {
  if (data instanceof BigInt64Array || data instanceof Uint16Array) throw new Error("LiteRT takes no such array here");
  return data;
}
