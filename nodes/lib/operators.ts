/** The operators that few models have. */
export * from "../../src/model/operators/all";
export * from "../../src/tflite/operators/all";
