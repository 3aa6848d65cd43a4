/*
 * HDF5 files, by jsfive: in a file of its own, so that it is loaded with the first of them.
 */
import { File, type Group } from "jsfive";

/** An array of numbers in an HDF5 file. */
export interface Hdf5Array {
  shape: readonly number[];
  data: Float32Array;
}

/** An HDF5 file, read by paths such as "model_weights/dense". */
export interface Hdf5 {
  /** The names in a group; empty where there is none. */
  names(group: string): readonly string[];
  /** An attribute of a group, as it is stored. */
  attribute(group: string, name: string): unknown;
  /** The array at a path; undefined where there is none. */
  array(path: string): Hdf5Array | undefined;
}

/** Opens an HDF5 file. Throws what jsfive throws for what is none. */
export function openHdf5(bytes: Uint8Array): Hdf5 {
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  const file = new File(copy, "");
  const at = (path: string): Group | undefined => {
    let here: Group = file;
    for (const name of path.split("/").filter((part) => part !== "")) {
      if (!here.keys.includes(name)) return undefined;
      here = here.get(name);
    }
    return here;
  };
  return {
    names: (group) => at(group)?.keys ?? [],
    attribute: (group, name) => at(group)?.attrs[name],
    array(path) {
      const found = at(path);
      if (found?.shape === undefined || found.value === undefined) return undefined;
      return { shape: found.shape, data: Float32Array.from(found.value) };
    },
  };
}
