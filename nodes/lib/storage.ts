/** The models that lie in the user directory. */
export * from "../models";
