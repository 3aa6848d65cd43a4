import type { NodeAPI } from "node-red";
import {
  answerOf,
  commandOf,
  type ErrorCode,
  findDataset,
  type Message,
  readingOf,
  registerNode,
  type Send,
  toTinymlError,
} from "../lib";
import { parseConfig, type RecordConfig } from "./config";

/** A recording that is under way. */
interface Recording {
  /** Readings still to take; Infinity until it is stopped. */
  left: number;
  /** Readings handed to the dataset, and those of them that are on disk. */
  taken: number;
  stored: number;
  send: Send;
}

/** Errors of a single reading, after which a recording goes on. */
const aboutReading = new Set<ErrorCode>([
  "TINYML_NOT_A_NUMBER",
  "TINYML_CHANNEL_COUNT",
  "TINYML_NO_LABEL",
  "TINYML_UNKNOWN_LABEL",
]);

/** The node tinyml-record: writes readings into a dataset. */
export function register(RED: NodeAPI): void {
  registerNode(RED, "tinyml-record", parseConfig, ({ status, text }, config) => {
    let recording: Recording | undefined;
    const dataset = () => findDataset(RED, config.dataset);
    const wanted = config.count === 0 ? "∞" : config.count;
    const idle = () => status.show("grey", "ring", text(config.always ? "status.always" : "status.ready"));

    /** Tells the flow that a recording is over, once all that it took is on disk. */
    async function finish({ stored, send }: Recording): Promise<void> {
      const { name } = dataset();
      const { count } = await dataset().open();
      status.show("green", "dot", text("status.recorded", { recorded: stored, total: count }));
      send({ payload: { recorded: stored, total: count }, topic: name });
    }

    async function command(message: Message, send: Send): Promise<void> {
      const source = dataset();
      const word = commandOf(message.record, "record", ["start", "stop", "clear"]);
      const opened = await source.open();
      if (word === "start") {
        recording = { left: config.count === 0 ? Infinity : config.count, taken: 0, stored: 0, send };
        status.show("blue", "dot", text("status.recording", { recorded: 0, wanted }));
      } else if (word === "stop") {
        const stopped = recording;
        recording = undefined;
        await opened.flush();
        if (stopped !== undefined) await finish(stopped);
      } else {
        await opened.clear();
        status.show("grey", "ring", text("status.cleared"));
      }
    }

    /** Stores a reading; done when it is on disk. */
    async function store(message: Message, current: Recording | undefined): Promise<void> {
      const source = dataset();
      const row = { values: readingOf(message.payload), ...answer(RED, config, message, source.description.task) };
      if (current !== undefined) current.taken += 1;
      try {
        const opened = await source.open();
        await opened.append(typeof message.topic === "string" ? { ...row, source: message.topic } : row);
        if (current === undefined) {
          status.show("blue", "dot", () => text("status.total", { total: opened.count }));
          return;
        }
        current.stored += 1;
        if (current === recording)
          status.show("blue", "dot", () => text("status.recording", { recorded: current.stored, wanted }));
      } catch (error) {
        // The reading isn't on disk, so it doesn't count; another may take its place. But when the disk fails, so will the next
        // ones: the recording ends, and the user decides.
        if (current !== undefined) current.taken -= 1;
        if (current === recording && !aboutReading.has(toTinymlError(error).code)) recording = undefined;
        throw error;
      }
      if (current !== undefined && current === recording && current.stored >= current.left) {
        recording = undefined;
        await finish(current);
      }
    }

    idle();
    return {
      input(message, send) {
        if (message.record !== undefined) return command(message, send);
        if (recording !== undefined && recording.taken < recording.left) return store(message, recording);
        return config.always ? store(message, undefined) : undefined;
      },
    };
  });
}

function answer(
  RED: NodeAPI,
  { labelType, label }: RecordConfig,
  message: Message,
  task: "classification" | "regression",
) {
  if (labelType === "str") return answerOf(task, task === "classification" ? label : Number(label));
  if (labelType === "num") return answerOf(task, Number(label));
  return answerOf(task, RED.util.getMessageProperty(message, label));
}
