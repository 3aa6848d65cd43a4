/** Files that are replaced in one step, and the models that lie in the user directory. */
export * from "../../src/storage";
export * from "../models";
