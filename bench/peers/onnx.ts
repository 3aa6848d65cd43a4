import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Callable } from "../measure";
import type { DenseLayer } from "../networks";

/*
 * Just enough of Protocol Buffers to write an ONNX file of dense layers. A message is its fields, one after the other;
 * the field numbers are those of onnx.proto.
 */

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

const integer = (field: number, value: number): Uint8Array => Uint8Array.from([...varint(8 * field), ...varint(value)]);

function bytes(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([...varint(8 * field + 2), ...varint(content.length)]), content]);
}

const text = (field: number, value: string): Uint8Array => bytes(field, Buffer.from(value));
const message = (field: number, ...fields: Uint8Array[]): Uint8Array => bytes(field, Buffer.concat(fields));

const floatType = 1;
const integerAttribute = 2;

/** TensorProto, as an initializer of the graph. */
function initializer(name: string, shape: readonly number[], data: Float32Array): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(5, ...shape.map((size) => integer(1, size)), integer(2, floatType), text(8, name), bytes(9, raw));
}

/** NodeProto. */
function node(type: string, inputs: readonly string[], output: string, attributes: readonly Uint8Array[] = []) {
  return message(1, ...inputs.map((input) => text(1, input)), text(2, output), text(4, type), ...attributes);
}

/** ValueInfoProto of a float tensor [1, size]; field 11 of the graph for inputs, 12 for outputs. */
function value(field: number, name: string, size: number): Uint8Array {
  const shape = message(2, message(1, integer(1, 1)), message(1, integer(1, size)));
  return message(field, text(1, name), message(2, message(1, integer(1, floatType), shape)));
}

/** An ONNX file (opset 13) of dense layers: Gemm with Relu or Softmax behind it; input "x", output "y". */
export function writeOnnx(layers: readonly DenseLayer[]): Uint8Array {
  const graph: Uint8Array[] = [text(2, "dense")];
  const transposed = message(5, text(1, "transB"), integer(3, 1), integer(20, integerAttribute));
  let current = "x";
  layers.forEach(({ inputs, units, weights, bias, activation }, i) => {
    const last = i === layers.length - 1;
    graph.push(initializer(`w${i}`, [units, inputs], weights), initializer(`b${i}`, [units], bias));
    const sum = last && activation === "linear" ? "y" : `sum${i}`;
    graph.push(node("Gemm", [current, `w${i}`, `b${i}`], sum, [transposed]));
    current = sum;
    if (activation === "linear") return;
    current = last ? "y" : `activation${i}`;
    graph.push(node(activation === "relu" ? "Relu" : "Softmax", [sum], current));
  });
  graph.push(value(11, "x", layers[0].inputs), value(12, "y", layers[layers.length - 1].units));
  return Buffer.concat([integer(1, 8), message(8, integer(2, 13)), message(7, ...graph)]);
}

/** Predictions of one reading by onnxruntime-node on one thread. */
export async function createOnnxPredictor(
  layers: readonly DenseLayer[],
  reading: Float32Array,
): Promise<Callable & { output(): Promise<number[]> }> {
  const session = await InferenceSession.create(writeOnnx(layers), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const predict = () => session.run({ x: new Tensor("float32", reading, [1, reading.length]) });
  return {
    async run(calls) {
      for (let i = 0; i < calls; i++) await predict();
    },
    async output() {
      const { data } = (await predict()).y;
      if (!(data instanceof Float32Array)) throw new Error("a float output was expected");
      return Array.from(data);
    },
  };
}
