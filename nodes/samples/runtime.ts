import type { NodeAPI } from "node-red";
import { commandOf, findDataset, registerNode, userFile } from "../lib";
import { runCommand } from "./commands";
import { commands, parseConfig } from "./config";

/** The node tinyml-samples: lists, reads and changes the samples of a dataset. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-samples", parseConfig, ({ status, text }, config) => {
    status.show("grey", "ring", text("status.ready"));
    return {
      // A change that follows another is about what that one left.
      inOrder: true,
      async input(message, send) {
        const wanted: unknown = "samples" in message ? message.samples : undefined;
        const command = wanted === undefined ? config.command : commandOf(wanted, "samples", commands);
        status.show("blue", "dot", text("status.busy", { command }));
        const locate = (path: string) => userFile(RED, path);
        const count = await runCommand(command, findDataset(RED, config.dataset), { message, config, send, locate });
        status.show("green", "dot", text(`status.${command}`, { count }));
      },
    };
  });
}
