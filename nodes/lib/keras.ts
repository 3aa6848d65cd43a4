/** Models of Keras and tfjs, in and out. */
export * from "../../src/keras/flatten-topology";
export * from "../../src/keras/import-keras";
export * from "../../src/keras/keras-layers";
export * from "../../src/keras/keras-model";
export * from "../../src/keras/read-keras";
export * from "../../src/keras/write-tfjs";
