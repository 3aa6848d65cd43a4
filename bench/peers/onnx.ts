import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Callable } from "../measure";
import type { DenseLayer } from "../networks";
import type { PictureNetwork } from "../pictures";

/*
 * Just enough of Protocol Buffers to write an ONNX file of dense layers and convolutions. A message is its fields, one after the other;
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
const stringAttribute = 3;
const integersType = 7;

/** TensorProto, as an initializer of the graph. */
function initializer(name: string, shape: readonly number[], data: Float32Array): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(5, ...shape.map((size) => integer(1, size)), integer(2, floatType), text(8, name), bytes(9, raw));
}

/** NodeProto. */
function node(type: string, inputs: readonly string[], output: string, attributes: readonly Uint8Array[] = []) {
  return message(1, ...inputs.map((input) => text(1, input)), text(2, output), text(4, type), ...attributes);
}

/** AttributeProto of several integers. */
function integersAttribute(name: string, values: readonly number[]): Uint8Array {
  return message(5, text(1, name), ...values.map((one) => integer(8, one)), integer(20, integersType));
}

/** ValueInfoProto of a float tensor; field 11 of the graph for inputs, 12 for outputs. */
function value(field: number, name: string, dimensions: readonly number[]): Uint8Array {
  const shape = message(2, ...dimensions.map((size) => message(1, integer(1, size))));
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
  graph.push(value(11, "x", [1, layers[0].inputs]), value(12, "y", [1, layers[layers.length - 1].units]));
  return onnxFile(graph);
}

/** An ONNX file of a network over pictures, its weights in ONNX's order: channels before height and width. */
function writePictureOnnx({ height, width, layers }: PictureNetwork): Uint8Array {
  const graph: Uint8Array[] = [text(2, "pictures")];
  let [h, w, c] = [height, width, 1];
  let current = "x";
  let outputs = 0;
  layers.forEach((layer, i) => {
    const next = `t${i}`;
    if (layer.type === "pool") {
      graph.push(
        node("MaxPool", [current], next, [
          integersAttribute("kernel_shape", [2, 2]),
          integersAttribute("strides", [2, 2]),
        ]),
      );
      [h, w] = [Math.floor(h / 2), Math.floor(w / 2)];
    } else if (layer.type === "conv") {
      const { filters, padding } = layer;
      const automatic = padding === "SAME" ? "SAME_UPPER" : "VALID";
      const pad = message(5, text(1, "auto_pad"), text(4, automatic), integer(20, stringAttribute));
      graph.push(
        initializer(`w${i}`, [filters, c, 3, 3], channelsFirst(layer.weights, 9, c)),
        initializer(`b${i}`, [filters], layer.bias),
        node("Conv", [current, `w${i}`, `b${i}`], `sum${i}`, [integersAttribute("kernel_shape", [3, 3]), pad]),
        node("Relu", [`sum${i}`], next),
      );
      const less = padding === "SAME" ? 0 : 2;
      [h, w, c] = [h - less, w - less, filters];
    } else {
      const transposed = message(5, text(1, "transB"), integer(3, 1), integer(20, integerAttribute));
      graph.push(
        initializer(`w${i}`, [layer.units, h * w * c], channelsFirst(layer.weights, h * w, c)),
        initializer(`b${i}`, [layer.units], layer.bias),
        node("Flatten", [current], `flat${i}`),
        node("Gemm", [`flat${i}`, `w${i}`, `b${i}`], `sum${i}`, [transposed]),
        node("Softmax", [`sum${i}`], "y"),
      );
      outputs = layer.units;
    }
    current = next;
  });
  graph.push(value(11, "x", [1, 1, height, width]), value(12, "y", [1, outputs]));
  return onnxFile(graph);
}

/** [rows][places][channels] as [rows][channels][places]. */
function channelsFirst(weights: Float32Array, places: number, channels: number): Float32Array {
  const row = places * channels;
  return weights.map((_, i) => {
    const within = i % row;
    return weights[i - within + (within % places) * channels + Math.floor(within / places)];
  });
}

function onnxFile(graph: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([integer(1, 8), message(8, integer(2, 13)), message(7, ...graph)]);
}

/** Something that predicts by onnxruntime-node. */
type OnnxPredictor = Callable & { output(): Promise<number[]> };

/** Predictions of one reading by onnxruntime-node on one thread. */
export async function createOnnxPredictor(
  layers: readonly DenseLayer[],
  reading: Float32Array,
): Promise<OnnxPredictor> {
  return predictorOf(writeOnnx(layers), reading, [1, reading.length]);
}

/** Predictions of one picture of one channel by onnxruntime-node on one thread. */
export async function createPictureOnnxPredictor(
  network: PictureNetwork,
  picture: Float32Array,
): Promise<OnnxPredictor> {
  return predictorOf(writePictureOnnx(network), picture, [1, 1, network.height, network.width]);
}

async function predictorOf(file: Uint8Array, values: Float32Array, shape: readonly number[]): Promise<OnnxPredictor> {
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const predict = () => session.run({ x: new Tensor("float32", values, shape) });
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
