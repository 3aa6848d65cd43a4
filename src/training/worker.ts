import { serveThread, type ThreadHooks } from "../worker-thread";
import { type TrainingProgress, type TrainingTask, trainAsMember } from "./train-recipe";

/**
 * Milliseconds between two posts of progress: a small network has thousands of epochs a second, and every message costs
 * the main thread time.
 */
const pauseBetweenPosts = 50;

serveThread((task: TrainingTask, { onProgress, shouldStop, member }: ThreadHooks<TrainingProgress>) => {
  let lastPost = Number.NEGATIVE_INFINITY;
  const tellProgress = (progress: TrainingProgress): void => {
    const now = performance.now();
    if (now - lastPost < pauseBetweenPosts && progress.epoch < progress.epochs) return;
    lastPost = now;
    onProgress(progress);
  };
  return trainAsMember(task, member.rank === 0 ? { onProgress: tellProgress, shouldStop } : {}, member);
});
