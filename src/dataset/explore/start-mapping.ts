import { TinymlError } from "../../errors";
import { startRequestThread } from "../../request-thread";
import type { SampleMap } from "./map-samples";

/** One map at a time: each takes a core and the memory of its samples. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Maps the samples of the dataset in `folder` in a thread of its own, beside the queue of trainings: somebody waits for it.
 * @throws TinymlError (as a rejection) what `mapSamples` throws, and TINYML_WORKER_FAILED
 */
export function startMapping(folder: string): Promise<SampleMap> {
  const mapping = last.then(async () => {
    const thread = startRequestThread<string, SampleMap>("mapping-worker.js");
    try {
      return await thread.ask(folder);
    } finally {
      thread.end(new TinymlError("TINYML_WORKER_FAILED", "The map is drawn."));
    }
  });
  last = mapping.catch(() => undefined);
  return mapping;
}
