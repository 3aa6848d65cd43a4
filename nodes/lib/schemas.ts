/** All that is described by a valibot schema, so that the library is loaded with them and not before. */
export * from "../../src/dataset/description";
export * from "../../src/dataset/events";
export * from "../../src/model/metadata";
export * from "../../src/model/parse-metadata";
export * from "../../src/printable";
export * from "../../src/training/recipe";
