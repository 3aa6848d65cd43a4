/** How an instruction that multiplies weights and inputs of a byte each reads the inputs. */
export type InputReading = "signed" | "unsigned";

/**
 * To each of the sums the products of four weights and four inputs are added.
 *
 * @param weights [4 × sums]
 * @param inputs as many
 * @returns the new sums
 */
export type ByteProducts = (weights: Int8Array, inputs: Int8Array, sums: Int32Array) => Int32Array;

/** The lowest weight with which the instruction is tried: TensorFlow Lite's int8 models have none below it. */
export const LOWEST_WEIGHT = -127;

/**
 * How this machine's relaxed dot product of bytes reads inputs, if its sums are exact for all weights from LOWEST_WEIGHT on
 * and all inputs. WebAssembly promises that for inputs of 0 … 127 alone. Beyond them Arm reads inputs as signed, as does
 * x86 with AVX-VNNI-INT8; x86 with AVX-VNNI reads them as unsigned; other x86 does so too, but cuts sums of two products off
 * at 16 bits. So it is tried with extreme weights and inputs, every two of them side by side, and sums that wrap around.
 *
 * @returns undefined where it is exact in neither way
 */
export function inputReading(products: ByteProducts): InputReading | undefined {
  const { weights, inputs, sums } = extremes();
  const found = products(weights, inputs, sums);
  const isExact = (reading: InputReading): boolean => {
    for (let i = 0; i < sums.length; i++) {
      let exact = sums[i];
      for (let k = 4 * i; k < 4 * i + 4; k++) {
        exact += weights[k] * (reading === "unsigned" ? inputs[k] & 255 : inputs[k]);
      }
      if (found[i] !== (exact | 0)) return false;
    }
    return true;
  };
  return (["signed", "unsigned"] as const).find(isExact);
}

const extremeWeights = [LOWEST_WEIGHT, 127];
const extremeInputs = [-128, -1, 1, 127];
const extremeSums = [0, 2 ** 31 - 1, -(2 ** 31)];

/** Each two weights with each two inputs. Written in loops, because it runs while a model is loaded. */
function extremes() {
  const count = (extremeWeights.length * extremeInputs.length) ** 2;
  const weights = new Int8Array(4 * count);
  const inputs = new Int8Array(4 * count);
  const sums = Int32Array.from({ length: count }, (_, i) => extremeSums[i % extremeSums.length]);
  for (let k = 0; k < 4 * count; k++) {
    // Which of the extremes this is: the even bytes of a sum have one weight and one input, the odd ones another.
    const i = k >> 2;
    const which = k % 2 === 0 ? i % 8 : i >> 3;
    weights[k] = extremeWeights[which % 2];
    inputs[k] = extremeInputs[which >> 1];
  }
  return { weights, inputs, sums };
}
