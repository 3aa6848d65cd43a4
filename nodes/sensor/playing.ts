import { basename } from "node:path";
import {
  classOfFile,
  commandOf,
  createPace,
  createReplay,
  createSignal,
  findDataset,
  gestureChoices,
  inputsInMemory,
  inputWidth,
  isMissing,
  type Message,
  type NodeContext,
  type NodeParts,
  type Pace,
  type Recorded,
  readRecordings,
  type SignalReading,
  type SignalSettings,
  TinymlError,
  toStorageError,
  toTinymlError,
  userFile,
} from "../lib";
import type { SensorSource } from "./config";
import { rateText } from "./rate-text";

/** Something that is sent at its rate. */
interface Played {
  channels: readonly string[];
  /** Undefined where it pauses. */
  at(number: number): SignalReading | undefined;
  /** Where it ends; it goes on for ever without. */
  length?: number;
}

/** Sends what is played at an exact mean rate, and stops and goes on when it is told to, as a board that is unplugged. */
function createPlayer({ node, status, text }: NodeContext, topic: string) {
  let pace: Pace | undefined;
  let dropped = 0;
  const stop = () => {
    dropped += pace?.dropped ?? 0;
    pace?.close();
    pace = undefined;
  };
  return {
    stop,
    get isPlaying() {
      return pace !== undefined;
    },
    play({ channels, at, length }: Played, rateHz: number) {
      stop();
      pace = createPace(rateHz, (number, time) => {
        if (length !== undefined && number >= length) {
          stop();
          status.show("grey", "dot", text("status.finished"));
          return;
        }
        const reading = at(number);
        if (reading === undefined) return;
        const { values, label } = reading;
        const told = () =>
          rateText(text, { name: label ?? basename(topic), rateHz, dropped: dropped + (pace?.dropped ?? 0) });
        status.show("green", "dot", told);
        node.send({ payload: values, topic, time, channels, ...(label !== undefined && { label }) });
      });
    },
  };
}

/** A simulated sensor. */
export function startSimulated(context: NodeContext, settings: SignalSettings, rateHz: number): NodeParts {
  const { status, text } = context;
  const player = createPlayer(context, `simulated/${settings.kind}`);
  let chosen = settings;
  const play = () => player.play(createSignal(chosen, rateHz), rateHz);
  play();
  return {
    input(message) {
      if (settings.kind === "gestures" && message.gesture !== undefined) {
        const gesture = commandOf(message.gesture, "gesture", gestureChoices);
        chosen = { ...settings, gesture };
        if (player.isPlaying) play();
      } else if (isRelease(message)) {
        player.stop();
        status.show("grey", "dot", text("status.stopped"));
      } else if (!player.isPlaying) play();
    },
    close: player.stop,
  };
}

/** Readings that were recorded before, from a file or a dataset. */
export function startReplay(context: NodeContext, source: SensorSource & { driver: "replay" }): NodeParts {
  const { RED, status, text, fail } = context;
  const file = "file" in source ? userFile(RED, source.file) : undefined;
  const name = file === undefined ? "dataset" : basename(file);
  const player = createPlayer(context, `replay/${name}`);
  let closed = false;
  const load = async () => {
    status.show("grey", "ring", text("status.loading"));
    const { rateHz: ownRate, ...recorded } =
      file === undefined && "dataset" in source
        ? await readStored(context, source.dataset)
        : await readFile(file ?? "");
    const rateHz = source.rateHz ?? ownRate ?? 100;
    const replay = createReplay(recorded, Math.round(source.pause * rateHz));
    if (closed) return;
    player.play(
      { channels: replay.channels, at: replay.at, ...(source.repeat ? {} : { length: replay.length }) },
      rateHz,
    );
  };
  let loading: Promise<void> | undefined;
  const begin = () => {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  };
  // What the flow's other nodes offer is there when all have started.
  const first = () => void begin().catch((error: unknown) => fail(toTinymlError(error)));
  RED.events.once("flows:started", first);
  return {
    async input(message) {
      if (!isRelease(message)) {
        if (!player.isPlaying) await begin();
        return;
      }
      player.stop();
      status.show("grey", "dot", text("status.stopped"));
    },
    close() {
      closed = true;
      RED.events.off("flows:started", first);
      player.stop();
    },
  };
}

function isRelease(message: Message): boolean {
  return commandOf(message.sensor, "sensor", ["release", "connect"]) === "release";
}

async function readFile(file: string): Promise<Recorded & { rateHz?: number }> {
  const { channels, values, recordings } = await readRecordings(file).catch((error: unknown) => {
    if (error instanceof TinymlError) throw error;
    if (!isMissing(error)) throw toStorageError(error, file);
    throw new TinymlError("TINYML_FILE", `There is no file ${file}. Check the path.`, { cause: error });
  });
  const label = classOfFile(file);
  return {
    channels: channels.map((channel) => channel.name),
    values,
    parts: recordings.map(({ readings }) => ({ readings, label })),
  };
}

async function readStored({ RED }: NodeContext, id: string): Promise<Recorded & { rateHz?: number }> {
  const table = await findDataset(RED, id).read();
  const readings = inputWidth(table) / table.channels.length;
  const parts: { readings: number; label?: string }[] = [];
  for (const output of table.outputs.subarray(0, table.rows)) {
    const label = table.labels?.[output];
    const last = parts.at(-1);
    // The rows of a table are readings: those of one label in a row belong together.
    if (table.shape === undefined && last !== undefined && last.label === label) last.readings += readings;
    else parts.push(label === undefined ? { readings } : { readings, label });
  }
  return { channels: table.channels.map((channel) => channel.name), values: inputsInMemory(table), parts };
}
