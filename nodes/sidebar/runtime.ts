import type { NodeAPI } from "node-red";
import { registerRoutes } from "../lib";

/** The plugin tinyml-sidebar: its runtime half answers what the tab asks for. */
export function register(RED: NodeAPI): void {
  registerRoutes(RED);
  RED.plugins.registerPlugin("tinyml-sidebar", { type: "tinyml" });
}
