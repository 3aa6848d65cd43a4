import type { NodeAPI } from "node-red";
import { type NodeContext, type NodeParts, registerNode, registerRoutes } from "../lib";
import { parseConfig, type SensorConfig } from "./config";
import { startMessages } from "./messages";
import { startSimulated } from "./playing";
import { startReplay } from "./replay";
import { startSerial } from "./serial";

/** The node tinyml-sensor: the readings of a board on a serial port, of other nodes, or of a simulated sensor. */
export function register(RED: NodeAPI): void {
  registerRoutes(RED);
  registerNode(RED, "tinyml-sensor", parseConfig, start);
}

function start(context: NodeContext, { source }: SensorConfig): NodeParts {
  switch (source.driver) {
    case "serial":
      return startSerial(context, source);
    case "messages":
      return startMessages(context, source.fields);
    case "simulated":
      return startSimulated(context, source.signal, source.rateHz);
    case "replay":
      return startReplay(context, source);
  }
}
