import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { Model } from "../../src/model/model";
import type { Layer } from "../../src/training/recipe-layers";
import { createTfjsNetwork, type NamedWeights, type TfjsNetwork } from "../../src/training/tfjs-network";

/*
 * TensorFlow.js as the judge of what training computes: the same layers with the same weights, on its plain JavaScript
 * backend.
 */

// without the advice to install tfjs-node
tf.env().set("IS_TEST", true);

/** The layers of a recipe in TensorFlow.js, with the weights of our network. */
export function createTwin(inputShape: readonly number[], layers: readonly Layer[], ours: Model): TfjsNetwork {
  return createTfjsNetwork(tf, inputShape, layers, ours);
}

/** Asks that both have the same numbers, with an error of at most `tolerance` (absolute). */
export function assertSameWeights(found: readonly NamedWeights[], wanted: readonly NamedWeights[], tolerance: number) {
  assert.deepEqual(
    found.map(({ name }) => name),
    wanted.map(({ name }) => name),
  );
  found.forEach(({ name, values }, i) => {
    const expected = wanted[i].values;
    assert.equal(values.length, expected.length, name);
    values.forEach((value, k) => {
      // not > tolerance, so that NaN is seen
      if (!(Math.abs(value - expected[k]) <= tolerance)) assert.fail(`${name}[${k}] is ${value}, not ${expected[k]}`);
    });
  });
}
