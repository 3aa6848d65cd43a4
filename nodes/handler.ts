import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from "node-red";
import { TinymlError, toTinymlError } from "../src/errors";
import { SHARED_TEXTS } from "./catalog";
import { createStatus, type Status } from "./status";

/** A message that arrives at a node. */
export type Message = NodeMessageInFlow;

/** Sends messages on: one, or one per output. */
export type Send = (message: NodeMessage | Array<NodeMessage | NodeMessage[] | null>) => void;

/** What a node has at hand: Node-RED, itself, its status, its texts. */
export interface NodeContext {
  RED: NodeAPI;
  node: Node;
  status: Status;
  /** The folder in which datasets, models, runs and sketches lie: `<user dir>/tinyml`. */
  storage: string;
  /** A text of the node's own catalogue. */
  text(key: string, values?: Record<string, string | number>): string;
  /** What of the hardware the node uses ("GPIO 17"), for the status that says that it is not on this machine. */
  hardware?: string;
  /** Reports a failure that belongs to no message: red status, and once to the Catch nodes of the flow. */
  fail(thrown: unknown): void;
}

/** What a node does. Whatever is thrown or rejected here ends as one error at the message's `done`. */
export interface NodeParts {
  /** Handles a message; a promise that it returns is awaited before the message counts as done. */
  input?(message: Message, send: Send): void | Promise<void>;
  /** Shows an error in the node's own way, and returns true; else the status turns red with the error's few words. */
  showError?(error: TinymlError): boolean;
  /** Whether a message waits until the one before it is done. */
  inOrder?: boolean;
  /** How many messages may wait where they go in order; one that is too many is refused with TINYML_BUSY. Any number may without. */
  mostWaiting?: number;
  /** Lets go of everything; awaited before the node starts anew. */
  close?(): void | Promise<void>;
}

/** What a node type has beyond the rule. */
export interface NodeRules {
  /** Whether a node with these settings gets messages; by default each does. */
  hasInput?(stored: unknown): boolean;
  /** Told what is wrong with a node's settings. */
  onRefused?(node: Node, error: TinymlError): void;
}

/**
 * Registers a node type. This is the one wrapper around every node of ours:
 * its settings are parsed once; wrong ones turn its status red and every message into TINYML_CONFIG_INVALID, and the node stays alive.
 * A node that gets no messages tells its Catch nodes of wrong settings once, when all nodes have started.
 * An error of the handler, thrown or rejected, becomes a TinymlError, a red status and exactly one `done(error)`, which is how
 * Catch nodes get `msg.error.code`. Nothing is thrown into Node-RED and no rejection is left unhandled.
 */
export function registerNode<Config>(
  RED: NodeAPI,
  type: string,
  parse: (stored: unknown) => Config,
  start: (context: NodeContext, config: Config) => NodeParts,
  { hasInput = () => true, onRefused }: NodeRules = {},
): void {
  function construct(this: Node, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    const context = createContext(RED, this);
    let parts: NodeParts;
    try {
      parts = start(context, parse(definition));
    } catch (thrown) {
      const error = toTinymlError(thrown);
      context.status.fail(shortText(RED, error));
      onRefused?.(this, error);
      parts = hasInput(definition) ? refusing(this, error) : tellingOnce(context, error);
    }
    attach(context, parts);
  }
  RED.nodes.registerType(type, construct);
}

/** A node that answers every message with what is wrong with its settings. */
function refusing(node: Node, error: TinymlError): NodeParts {
  node.error(error);
  return {
    input() {
      throw error;
    },
  };
}

/** A node without messages: Catch nodes hear what is wrong with its settings as soon as they are there. */
function tellingOnce({ RED, fail }: NodeContext, error: TinymlError): NodeParts {
  const tell = () => fail(error);
  RED.events.once("flows:started", tell);
  return { close: () => void RED.events.off("flows:started", tell) };
}

/** The few words that a node's status has for an error, from the shared catalogue. */
export function shortText(RED: Pick<NodeAPI, "_">, error: TinymlError): string {
  return RED._(`${SHARED_TEXTS}:errors.${error.code}`);
}

/** Shows an error in the status: red, but grey where it is only that the hardware is not on this machine. */
export function showFailure({ RED, status, hardware }: Omit<NodeContext, "fail" | "text">, error: TinymlError): void {
  const short = shortText(RED, error);
  if (error.code !== "TINYML_HARDWARE_MISSING") status.fail(short);
  else status.fail(hardware === undefined ? short : `${short}: ${hardware}`, "grey");
}

/** The folder of everything that is stored: `<user dir>/tinyml`. */
export function storageFolder(RED: Pick<NodeAPI, "settings">): string {
  return join(userFolder(RED), "tinyml");
}

/** Where a file of the user's is that the settings name: a relative path begins at Node-RED's working folder for files, or else at its user folder. */
export function userFile({ settings }: Pick<NodeAPI, "settings">, file: string): string {
  const workingFolder: unknown = "fileWorkingDirectory" in settings ? settings.fileWorkingDirectory : undefined;
  return resolve(
    typeof workingFolder === "string" && workingFolder !== "" ? workingFolder : userFolder({ settings }),
    file,
  );
}

/** Node-RED's user folder. */
export function userFolder(RED: Pick<NodeAPI, "settings">): string {
  const userDirectory: unknown = RED.settings.userDir;
  return typeof userDirectory === "string" ? userDirectory : join(homedir(), ".node-red");
}

function createContext(RED: NodeAPI, node: Node): NodeContext {
  const status = createStatus(node);
  const context: NodeContext = {
    RED,
    node,
    status,
    storage: storageFolder(RED),
    text: (key, values) => (values === undefined ? RED._(key) : RED._(key, values)),
    fail(thrown) {
      const error = toTinymlError(thrown);
      showFailure(context, error);
      // With a message, even an empty one, Node-RED tells the Catch nodes; without it only the log.
      node.error(error, {});
    },
  };
  return context;
}

function attach(context: NodeContext, parts: NodeParts): void {
  const { RED, node, status } = context;
  const { input, inOrder, mostWaiting = Infinity } = parts;
  if (input !== undefined) {
    let last: Promise<unknown> = Promise.resolve();
    /** Messages that wait, and the one that is being handled. */
    let underWay = 0;
    node.on("input", (message, send, done) => {
      const failed = (thrown: unknown) => {
        const error = toTinymlError(thrown);
        if (parts.showError?.(error) !== true) showFailure(context, error);
        done(error);
      };
      // `done` is called outside of what is tried, so that an error of Node-RED's own in it doesn't call it a second time.
      const settle = (outcome: Promise<void>) =>
        outcome.then(() => done(), failed).catch((thrown) => RED.log.error(thrown));
      if (inOrder === true) {
        if (underWay > mostWaiting) {
          failed(busyError(mostWaiting));
          return;
        }
        underWay += 1;
        const outcome = last
          .then(() => input(message, send))
          .finally(() => {
            underWay -= 1;
          });
        last = outcome.catch(() => undefined);
        settle(outcome);
        return;
      }
      let outcome: void | Promise<void>;
      try {
        outcome = input(message, send);
      } catch (thrown) {
        failed(thrown);
        return;
      }
      if (outcome === undefined) done();
      else settle(outcome);
    });
  }
  node.on("close", (done: () => void) => {
    status.close();
    Promise.resolve()
      .then(() => parts.close?.())
      .catch((thrown: unknown) => node.error(toTinymlError(thrown)))
      .then(done);
  });
}

function busyError(waiting: number): TinymlError {
  return new TinymlError(
    "TINYML_BUSY",
    `Messages come faster than this node is done with them: ${waiting} wait already, and this one was dropped. Send fewer; a delay node limits their rate.`,
  );
}
