import type { NodeAPI } from "node-red";
import {
  describe,
  openDigitalInput,
  registerNode,
  registerRoutes,
  showFailure,
  storedSettings,
  TinymlError,
  userFolder,
} from "../lib";
import { parseConfig } from "./config";

/** The node tinyml-digital-in: a button or a switch becomes 1 and 0. */
export function register(RED: NodeAPI): void {
  registerRoutes(RED);
  registerNode(
    RED,
    "tinyml-digital-in",
    parseConfig,
    (context, { input: settings, pin, edge }) => {
      const { node, status, text, fail } = context;
      const simulated = settings.driver === "simulated";
      const topic = simulated ? "gpio/simulated" : `gpio/${pin}`;
      if (!simulated) context.hardware = `GPIO ${pin}`;
      // Where the user installs packages.
      const withFolders = settings.driver === "onoff" ? { ...settings, folders: [userFolder(RED)] } : settings;
      let last: 0 | 1 | undefined;
      let problem: string | undefined;

      const input = openDigitalInput(withFolders, {
        level(level) {
          problem = undefined;
          status.show(level === 1 ? "green" : "grey", "dot", text(level === 1 ? "status.on" : "status.off"));
          if (level === last) return;
          const isFirst = last === undefined;
          last = level;
          const isWanted = edge === "both" || (!isFirst && edge === (level === 1 ? "rising" : "falling"));
          if (isWanted) node.send({ payload: level, topic, time: Date.now() });
        },
        // What is missing is told once, not with every try; the status says it as long as it lasts.
        problem(error) {
          if (error.code === problem) showFailure(context, error);
          else fail(error);
          problem = error.code;
        },
      });
      return {
        input: ({ payload }) => input.press(pressOf(payload)),
        close: () => input.close(),
      };
    },
    { hasInput: (stored) => !["gpio", "onoff"].includes(String(storedSettings(stored).driver)) },
  );
}

/** What a message does to the simulated button. */
function pressOf(payload: unknown): 0 | 1 | "toggle" {
  if (payload === true || payload === 1 || payload === "press") return 1;
  if (payload === false || payload === 0 || payload === "release") return 0;
  if (payload === "toggle") return "toggle";
  throw new TinymlError(
    "TINYML_UNKNOWN_COMMAND",
    `msg.payload is ${describe(payload)}; it can be 1 or "press", 0 or "release", or "toggle".`,
  );
}
