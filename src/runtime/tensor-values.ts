import type { Heap } from "../kernels/heap";
import type { Tensor, TensorData, TensorType } from "../model/model";
import { perTensor } from "../model/operators/operator-rule";
import { elementBytes, elementCount, tensorBytes, tensorDataOver, zeroPointRange } from "../model/tensor";

/** real = scale × (stored − zeroPoint) */
export interface Scale {
  scale: number;
  zeroPoint: number;
}

/** By what a tensor's stored whole numbers become real ones; undefined for float32 and for numbers that mean themselves. */
export function scaleOf(tensor: Tensor): Scale | undefined {
  return tensor.type === "float32" ? undefined : perTensor(tensor);
}

/** Whether a tensor holds whole numbers that mean themselves (counts, indices, flags). */
export function isWhole(tensor: Tensor): boolean {
  return tensor.type !== "float32" && perTensor(tensor) === undefined;
}

/** Whole numbers as elements of a type; each must be one that the type holds. */
export function wholeData(type: TensorType, values: ArrayLike<number>): TensorData {
  const data = tensorDataOver(type, new ArrayBuffer(values.length * elementBytes(type)));
  if (data instanceof BigInt64Array) for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]);
  else data.set(values);
  return data;
}

/**
 * Real numbers as elements of a quantized type: the nearest that it holds, halves away from zero, as TensorFlow Lite
 * quantizes; what lies beyond its range becomes its end.
 */
export function quantizedData(type: TensorType, values: ArrayLike<number>, { scale, zeroPoint }: Scale): TensorData {
  const [low, high] = zeroPointRange(type);
  const stored = Array.from(values, (value) => {
    const steps = Math.fround(value / scale);
    const whole = Math.sign(steps) * Math.round(Math.abs(steps)) + zeroPoint;
    return Math.min(high, Math.max(low, whole));
  });
  return wholeData(type, stored);
}

/** The elements of a tensor that lies at an address of the kernels' memory, as they are stored. */
export function elementsAt(heap: Heap, address: number, tensor: Tensor): TensorData {
  return tensorDataOver(tensor.type, heap.int8.slice(address, address + tensorBytes(tensor)).buffer);
}

/**
 * A function that gives what the elements of a tensor at an address of the kernels' memory mean: quantized ones as real numbers
 * (float32), others as they are. The two types of readings are read in place: a view on them takes longer than running a
 * small network.
 */
export function numberReader(heap: Heap, address: number, tensor: Tensor): () => number[] {
  const { type } = tensor;
  const count = elementCount(tensor.shape);
  if (type === "float32") {
    return () => {
      const memory = heap.float32;
      const numbers: number[] = [];
      for (let i = 0; i < count; i++) numbers.push(memory[address / 4 + i]);
      return numbers;
    };
  }
  const { scale, zeroPoint } = scaleOf(tensor) ?? { scale: 1, zeroPoint: 0 };
  const meaningOf = isWhole(tensor) ? Number : (stored: number) => Math.fround(scale * (stored - zeroPoint));
  return () => {
    const numbers: number[] = [];
    if (type === "int8") {
      const memory = heap.int8;
      for (let i = 0; i < count; i++) numbers.push(meaningOf(memory[address + i]));
    } else {
      for (const stored of elementsAt(heap, address, tensor)) numbers.push(meaningOf(Number(stored)));
    }
    return numbers;
  };
}
