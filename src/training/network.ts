import type { FusedActivation, Model, Operator, Tensor } from "../model/model";
import { elementCount } from "../model/tensor";
import { invalidRecipe } from "./recipe-error";
import type { ActivationName, Initializer, Layer, LayerOf, Regularizer } from "./recipe-layers";

/** What a layer learns or carries, by Keras's names for it. */
export type WeightRole =
  | "kernel"
  | "depthwiseKernel"
  | "pointwiseKernel"
  | "bias"
  | "gamma"
  | "beta"
  | "mean"
  | "variance";

/** The numbers that a layer begins with. */
export interface WeightRequest {
  /** The layer's place in the recipe. */
  layer: number;
  role: WeightRole;
  /** As TensorFlow Lite stores it: outputs first, and channels last for windows. */
  shape: readonly number[];
  initializer: Initializer;
  /** How many numbers go into one output, and how many outputs one input goes to, for the initializer. */
  fanIn: number;
  fanOut: number;
}

/** Gives a layer its first weights: drawn by chance, or those of a network from elsewhere. */
export type WeightSource = (request: WeightRequest) => Float32Array;

/** A network in training. */
export interface Network {
  /** Its graph, of batch 1: input [1, …], float32. It may have operators that exist only while training. */
  model: Model;
  /** By weight tensor: what large weights add to the loss. */
  regularizers: ReadonlyMap<number, Regularizer>;
  /** Weight tensors that no optimizer touches: moving statistics, and what a layer says is not learned. */
  frozen: ReadonlySet<number>;
  /** What became of each layer of the recipe. */
  layers: readonly BuiltLayer[];
}

/** A layer in the graph. */
export interface BuiltLayer {
  /** The tensor that it gives. */
  output: number;
  /** The operators that it is made of. */
  operators: readonly Operator[];
}

/** A float model from elsewhere as a network that can be trained on. */
export function networkOf(model: Model): Network {
  return { model, regularizers: new Map(), frozen: new Set(), layers: [] };
}

/** What a layer says when its settings do not fit to what it gets; `setting` is "" for the layer as a whole. */
export type Refuse = (setting: string, problem: string) => never;

/** A network under construction: what the rows of layers/ append to. */
export class NetworkBuilder {
  readonly #tensors: Tensor[] = [];
  readonly #operators: Operator[] = [];
  readonly #regularizers = new Map<number, Regularizer>();
  readonly #frozen = new Set<number>();
  readonly #weightsOf: WeightSource;

  constructor(weightsOf: WeightSource) {
    this.#weightsOf = weightsOf;
  }

  /** A tensor that is computed; its shape without the batch. */
  tensor(name: string, shape: readonly number[]): number {
    return this.#tensors.push({ name, type: "float32", shape: [1, ...shape] }) - 1;
  }

  /** The shape of a tensor without the batch. */
  shape(tensor: number): readonly number[] {
    return this.#tensors[tensor].shape.slice(1);
  }

  /** Weights of a layer, by the role that names them. */
  weights(name: string, request: WeightRequest, regularizer?: Regularizer): number {
    const { shape, role } = request;
    const data = this.#weightsOf(request);
    const index = this.#tensors.push({ name: `${name}/${role}`, type: "float32", shape, data }) - 1;
    if (regularizer !== undefined && regularizer.l1 + regularizer.l2 > 0) this.#regularizers.set(index, regularizer);
    return index;
  }

  /** Weights that no optimizer touches. */
  frozenWeights(name: string, request: WeightRequest): number {
    const index = this.weights(name, request);
    this.#frozen.add(index);
    return index;
  }

  /** Whole numbers that an operator takes as a tensor: axes, paddings, shapes. */
  integers(name: string, shape: readonly number[], values: readonly number[]): number {
    return this.#tensors.push({ name, type: "int32", shape, data: Int32Array.from(values) }) - 1;
  }

  add(operator: Operator): void {
    this.#operators.push(operator);
  }

  /** The same numbers in another shape (without the batch); what it already is, or was before a reshape, is not reshaped. */
  reshape(name: string, tensor: number, shape: readonly number[]): number {
    const maker = this.#operators.find(({ type, outputs }) => type === "RESHAPE" && outputs[0] === tensor);
    const from = maker === undefined ? tensor : maker.inputs[0];
    if (`${this.shape(from)}` === `${shape}`) return from;
    const output = this.tensor(name, shape);
    const newShape = this.integers(`${name}/shape`, [shape.length + 1], [1, ...shape]);
    this.add({ type: "RESHAPE", inputs: [from, newShape], outputs: [output], options: {} });
    return output;
  }

  /** A function of each number of a tensor, as an operator of its own; the tensor itself for "linear". */
  activate(name: string, tensor: number, activation: ActivationName): number {
    if (activation === "linear") return tensor;
    const output = this.tensor(`${name}/${activation}`, this.shape(tensor));
    const ends = { inputs: [tensor], outputs: [output] };
    switch (activation) {
      case "leakyRelu":
        this.add({ type: "LEAKY_RELU", ...ends, options: { alpha: leakyReluSlope } });
        break;
      case "softmax":
        this.add({ type: "SOFTMAX", ...ends, options: { beta: 1 } });
        break;
      default:
        this.add({ type: activationOperator[activation], ...ends, options: {} });
    }
    return output;
  }

  /** The operators that were added since there were `count`. */
  operatorsFrom(count: number): readonly Operator[] {
    return this.#operators.slice(count);
  }

  get operatorCount(): number {
    return this.#operators.length;
  }

  finish(input: number, output: number, layers: readonly BuiltLayer[]): Network {
    // Where a reshape was reshaped again, or a layer's output goes nowhere, nobody reads what an operator gives.
    const read = new Set([output]);
    const operators = this.#operators
      .toReversed()
      .filter(({ inputs, outputs }) => {
        const isRead = read.has(outputs[0]);
        if (isRead) for (const tensor of inputs) read.add(tensor);
        return isRead;
      })
      .toReversed();
    const model: Model = {
      description: "TinyML Flows",
      tensors: this.#tensors,
      operators,
      inputs: [input],
      outputs: [output],
    };
    return { model, regularizers: this.#regularizers, frozen: this.#frozen, layers };
  }
}

/** Keras's slope of the activation "leaky_relu". */
export const leakyReluSlope = 0.2;

const activationOperator = {
  relu: "RELU",
  relu6: "RELU6",
  elu: "ELU",
  sigmoid: "LOGISTIC",
  tanh: "TANH",
  hardSwish: "HARD_SWISH",
} as const;

/** The activation that a layer's kernel does on the way; "NONE" for those that are operators of their own. */
export function fusedActivation(activation: ActivationName): FusedActivation {
  if (activation === "relu") return "RELU";
  return activation === "relu6" ? "RELU6" : "NONE";
}

/** What is left of an activation behind a kernel that did `fusedActivation`. */
export function separateActivation(activation: ActivationName): ActivationName {
  return fusedActivation(activation) === "NONE" ? activation : "linear";
}

/** What a layer's row of layers/ gets. */
export interface LayerContext<Described extends Layer = Layer> {
  layer: Described;
  /** The layer's place in the recipe. */
  index: number;
  /** By which its tensors begin. */
  name: string;
  /** The tensors it takes. */
  inputs: readonly number[];
  network: NetworkBuilder;
  refuse: Refuse;
}

/** Appends a layer to a network and gives the tensor of its output. */
export type LayerRule<Type extends Layer["type"]> = (context: LayerContext<LayerOf<Type>>) => number;

/** The rows of a family of layers. */
export type LayerRules<Type extends Layer["type"]> = { readonly [T in Type]: LayerRule<T> };

/** What samples of a rank are, in the words of errors. */
const samplesOfRank = { 2: "windows [readings, channels]", 3: "pictures [height, width, channels]" } as const;

/** The one input of a layer, of the rank that it takes, or of any. */
export function onlyInput(
  { inputs, network, refuse }: LayerContext,
  rank?: keyof typeof samplesOfRank,
): { input: number; shape: readonly number[] } {
  if (inputs.length !== 1) refuse("inputs", "this layer takes one input");
  const [input] = inputs;
  const shape = network.shape(input);
  if (rank !== undefined && shape.length !== rank) {
    const hint = shape.length === 1 ? " Put it before flatten, or add a reshape layer" : "";
    refuse("", `it takes ${samplesOfRank[rank]}, but gets [${shape.join(", ")}].${hint}`);
  }
  if (elementCount(shape) === 0) refuse("", "it gets no numbers");
  return { input, shape };
}

/** Both numbers of a setting that is one for both directions, or [height, width]. */
export function bothOf(value: number | readonly [number, number]): readonly [height: number, width: number] {
  return typeof value === "number" ? [value, value] : value;
}

/** Refuses a layer, naming the place of the recipe. */
export function refuseLayer(index: number): Refuse {
  return (setting, problem) => {
    throw invalidRecipe(setting === "" ? `layers.${index}` : `layers.${index}.${setting}`, problem);
  };
}
