/** Reads data that others made: IDX files, recordings, sounds, pictures. */
export * from "../../src/dataset/decode-jpeg";
export * from "../../src/dataset/decode-png";
export * from "../../src/dataset/decode-wav";
export * from "../../src/dataset/idx";
export * from "../../src/dataset/picture";
export * from "../../src/dataset/read-class-folders";
export * from "../../src/dataset/read-data";
export * from "../../src/dataset/read-idx";
export * from "../../src/dataset/read-recordings";
export * from "../../src/dataset/recordings";
