import { serveThread, type ThreadHooks } from "../worker-thread";
import { type TrainingProgress, type TrainingTask, trainAsMember } from "./train-recipe";

/**
 * Milliseconds between two posts of progress: a small network has thousands of epochs a second, and every message costs
 * the main thread time.
 */
const pauseBetweenPosts = 50;

/** Epochs that are posted of every training, spread evenly: a curve of two points would be a line that nobody trained. */
const leastPosts = 100;

serveThread((task: TrainingTask, { onProgress, shouldStop, member }: ThreadHooks<TrainingProgress>) => {
  let lastPost = Number.NEGATIVE_INFINITY;
  // Whoever keeps a part of the epochs keeps every second, fourth, … of them.
  const spread = (epochs: number): number => 2 ** Math.max(0, Math.floor(Math.log2(epochs / leastPosts)));
  const tellProgress = (progress: TrainingProgress): void => {
    const now = performance.now();
    const { epoch, epochs } = progress;
    const isPoint = (epoch - 1) % spread(epochs) === 0 || epoch === epochs;
    if (now - lastPost < pauseBetweenPosts && !isPoint) return;
    lastPost = now;
    onProgress(progress);
  };
  return trainAsMember(task, member.rank === 0 ? { onProgress: tellProgress, shouldStop } : {}, member);
});
