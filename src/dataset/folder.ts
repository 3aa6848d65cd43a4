import { join } from "node:path";
import { assertName } from "../storage";

/**
 * The folder of the dataset `name` below `storage`, the package's own folder in Node-RED's user directory.
 * Throws TINYML_NAME_INVALID when the name is more than a file name.
 */
export function datasetFolder(storage: string, name: string): string {
  return join(storage, "datasets", assertName(name, "dataset"));
}
