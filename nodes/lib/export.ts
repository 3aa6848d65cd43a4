/** Writes models and sketches for use elsewhere. */
export * from "../../src/boards/boards";
export * from "../../src/kernels/kernel-sources";
export * from "../../src/own-files";
export * from "../../src/sketch/arduino";
export * from "../../src/sketch/board";
export * from "../../src/sketch/c-text";
export * from "../../src/sketch/estimate";
export * from "../../src/sketch/generate-sketch";
export * from "../../src/sketch/kernel-files";
export * from "../../src/sketch/model-code";
export * from "../../src/sketch/sketch";
export * from "../../src/sketch/sketch-name";
export * from "../../src/sketch/stdio";
export * from "../../src/tflite/label-metadata";
export * from "../../src/tflite/outline";
export * from "../../src/tflite/write-tflite";
export * from "../sketches";
