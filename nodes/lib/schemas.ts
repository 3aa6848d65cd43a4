/** All that is described by a valibot schema, so that the library is loaded with them and not before. */
export * from "../../src/dataset/description";
export * from "../../src/dataset/events";
export * from "../../src/dataset/exchange/exported-files";
export * from "../../src/model/metadata";
export * from "../../src/model/parse-metadata";
export * from "../../src/printable";
export * from "../../src/project-list";
export * from "../../src/training/recipe";
export * from "../../src/training/recipe-error";
export * from "../../src/training/recipe-features";
export * from "../../src/training/recipe-layers";
export * from "../../src/training/recipe-numbers";
export * from "../../src/training/recipe-settings";
