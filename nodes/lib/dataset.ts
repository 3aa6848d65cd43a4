/** Labelled rows on disk. */
export * from "../../src/dataset/clear-dataset";
export * from "../../src/dataset/csv";
export * from "../../src/dataset/dataset";
export * from "../../src/dataset/folder";
export * from "../../src/dataset/journal";
export * from "../../src/dataset/open-table";
export * from "../../src/dataset/random";
export * from "../../src/dataset/read-csv";
export * from "../../src/dataset/read-dataset";
export * from "../../src/dataset/read-table-file";
export * from "../../src/dataset/row";
export * from "../../src/dataset/samples";
export * from "../../src/dataset/split-rows";
export * from "../../src/dataset/table";
export * from "../../src/dataset/table-reader";
export * from "../../src/dataset/with-labels-of";
export * from "../datasets";
