import { basename } from "node:path";
import {
  commandOf,
  createPace,
  createSignal,
  gestureChoices,
  type Message,
  type NodeContext,
  type NodeParts,
  type Pace,
  type SignalReading,
  type SignalSettings,
} from "../lib";
import { rateText } from "./rate-text";

/** Something that is sent at its rate. */
interface Played {
  /** The topic of its readings. */
  topic: string;
  channels: readonly string[];
  /** Undefined where it pauses. */
  at(number: number): SignalReading | undefined;
  /** Where it ends; it goes on for ever without. */
  length?: number;
}

/** Sends what is played at an exact mean rate, and stops and goes on when it is told to, as a board that is unplugged. */
export function createPlayer({ node, status, text }: NodeContext) {
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
    play({ topic, channels, at, length }: Played, rateHz: number) {
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
  const player = createPlayer(context);
  const topic = `simulated/${settings.kind}`;
  let chosen = settings;
  // No two gestures that are recorded are the same, not even after a deployment.
  let first = Math.floor(Date.now() / 1000) % 100_000;
  const play = () => {
    first += 1000;
    player.play({ topic, ...createSignal(chosen.kind === "gestures" ? { ...chosen, first } : chosen, rateHz) }, rateHz);
  };
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

/** Whether a message says to stop, and not to go on. TINYML_UNKNOWN_COMMAND for anything else. */
export function isRelease(message: Message): boolean {
  return commandOf(message.sensor, "sensor", ["release", "connect"]) === "release";
}
