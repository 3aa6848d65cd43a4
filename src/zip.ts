/*
 * Zip archives, by fflate: in a file of its own, so that it is loaded with the first archive. Its tables take longer to set
 * up than reading a model does.
 */
export { unzipSync, zipSync } from "fflate";
