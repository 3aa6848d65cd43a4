/** Zip archives. */
export * from "../../src/zip";
