/** Makes models, and makes them smaller. */
export * from "../../src/compression/quantize-int8";
export * from "../../src/compression/start-quantizing";
export * from "../../src/training/compile-recipe";
export * from "../../src/training/evaluate-model";
export * from "../../src/training/start-training";
export * from "../../src/training/train-recipe";
export * from "../../src/training/trainer";
export * from "../curve";
export * from "../runs";
