import { createReplay, type NodeContext, type NodeParts, toTinymlError } from "../lib";
import type { SensorSource } from "./config";
import { createPlayer, isRelease } from "./playing";
import { readRecordedDataset, readRecordedFile } from "./recorded";

/** Readings per second of recordings that don't say it. */
const usualRate = 100;

/** Readings that were recorded before, from a file or a dataset. */
export function startReplay(context: NodeContext, source: SensorSource & { driver: "replay" }): NodeParts {
  const { RED, status, text, fail } = context;
  const player = createPlayer(context);
  /** Whether it is to play, once the recordings are read. */
  let wanted = true;
  let loading: Promise<void> | undefined;

  const load = async () => {
    status.show("grey", "ring", text("status.loading"));
    const recorded = await ("file" in source
      ? readRecordedFile(context, source.file)
      : readRecordedDataset(context, source.dataset));
    const rateHz = source.rateHz ?? recorded.rateHz ?? usualRate;
    const { channels, at, length } = createReplay(recorded, Math.round(source.pause * rateHz));
    if (!wanted) return;
    player.play({ topic: `replay/${recorded.name}`, channels, at, ...(source.repeat ? {} : { length }) }, rateHz);
  };
  const begin = () => {
    wanted = true;
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  };
  const end = () => {
    wanted = false;
    player.stop();
  };

  // What the flow's other nodes offer is there when all have started.
  const first = () => void begin().catch((error: unknown) => fail(toTinymlError(error)));
  RED.events.once("flows:started", first);
  return {
    async input(message) {
      if (isRelease(message)) {
        end();
        status.show("grey", "dot", text("status.stopped"));
      } else if (!player.isPlaying) await begin();
    },
    close() {
      RED.events.off("flows:started", first);
      end();
    },
  };
}
