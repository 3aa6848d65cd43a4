/** Reads and writes samples of other tools: archives, Edge Impulse, Teachable Machine. */
export * from "../../src/dataset/crc32";
export * from "../../src/dataset/encode-png";
export * from "../../src/dataset/exchange/class-files";
export * from "../../src/dataset/exchange/csv-files";
export * from "../../src/dataset/exchange/edge-impulse";
export * from "../../src/dataset/exchange/gather-files";
export * from "../../src/dataset/exchange/idx-files";
export * from "../../src/dataset/exchange/import-samples";
export * from "../../src/dataset/exchange/imported";
export * from "../../src/dataset/exchange/info-labels";
export * from "../../src/dataset/exchange/named-bytes";
export * from "../../src/dataset/exchange/read-tar";
export * from "../../src/dataset/exchange/read-zip";
export * from "../../src/dataset/exchange/teachable-machine";
export * from "../../src/dataset/exchange/unpack";
