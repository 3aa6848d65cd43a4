/** What Node-RED needs of a node that no flow uses: its type and its routes. */
export * from "../../src/errors";
export * from "../catalog";
export * from "../handler";
export * from "../routes";
export * from "../settings";
export * from "../status";
export * from "../variables";
