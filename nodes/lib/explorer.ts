/** Looks into datasets: what the explorer in the sidebar shows. */
export * from "../../src/dataset/explore/envelope";
export * from "../../src/dataset/explore/map-samples";
export * from "../../src/dataset/explore/principal-components";
export * from "../../src/dataset/explore/spectrogram";
export * from "../../src/dataset/explore/start-mapping";
export * from "../explorer";
