import { serveThread } from "../worker-thread";
import { type EvaluationTask, evaluateRows } from "./evaluate-rows";

serveThread((task: EvaluationTask) => evaluateRows(task));
