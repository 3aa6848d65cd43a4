/** Opens HDF5 files. */
export * from "../../src/hdf5";
