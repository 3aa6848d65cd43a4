/**
 * What Node-RED's nodes, the training worker and the command line share, so that it exists once per process: the build
 * makes dist/lib.js and dist/shared.js of it. Each list in lib/ names the files of one part, which is loaded when the first function of it is
 * used; the build says so when a file is missing there.
 */
export * from "./lib/data-files";
export * from "./lib/dataset";
export * from "./lib/exchange";
export * from "./lib/explorer";
export * from "./lib/export";
export * from "./lib/hardware";
export * from "./lib/operators";
export * from "./lib/prediction";
export * from "./lib/registration";
export * from "./lib/schemas";
export * from "./lib/storage";
export * from "./lib/threads";
export * from "./lib/training";
export * from "./lib/zip";
