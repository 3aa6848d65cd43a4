/**
 * What Node-RED needs of a node that no flow uses: its type and its routes. And what tells of failures: where no more files can be opened,
 * it could not be loaded any more.
 */
export * from "../../src/errors";
export * from "../../src/storage";
export * from "../catalog";
export * from "../handler";
export * from "../routes";
export * from "../settings";
export * from "../status";
export * from "../variables";
