import type { EditorRED } from "node-red";
import { sharedText } from "./browser.editor";
import { type Curve, type CurveLine, drawCurves, shownEpochs } from "./curve";
import { downloadFile, notifyProblem } from "./requests.editor";
import type { Run } from "./runs";

declare const RED: EditorRED;

/** Numbers of a loss, short enough for a line of text. */
export function shortLoss(loss: number | undefined): string {
  return loss === undefined || !Number.isFinite(loss) ? "–" : loss.toPrecision(3);
}

/** A share as people read it: "97.5 %". */
export function percentText(share: number | undefined): string {
  return share === undefined ? "–" : `${(100 * share).toFixed(1)} %`;
}

/** What a run has reached, in one line. */
export function describeRun(run: Run): string {
  const values = {
    epoch: run.epoch,
    epochs: run.epochs,
    loss: shortLoss(run.validationLoss ?? run.loss),
    accuracy: percentText(run.accuracy),
    seconds: run.seconds.toFixed(1),
    ahead: run.ahead ?? 0,
  };
  if (run.ahead !== undefined) return sharedText("run.waiting", values);
  const reached = run.state === "running" || run.state === "finished";
  return sharedText(`run.${run.state}${reached && run.accuracy !== undefined ? "WithAccuracy" : ""}`, values);
}

/** Draws a run's losses as wide as the element is, and below them the accuracy of a classification. */
export function drawRun(element: JQuery, run: Run, height: number): void {
  const { epoch, loss, validationLoss, accuracy, trainingAccuracy } = run.curve;
  const training = { name: sharedText("curve.training"), kind: "training" as const, epoch };
  const validation = { name: sharedText("curve.validation"), kind: "validation" as const, epoch };
  const losses = [
    { ...training, values: loss },
    { ...validation, values: validationLoss },
  ];
  const epochs = shownEpochs(run);
  const shares = [
    ...(trainingAccuracy === undefined ? [] : [{ ...training, ...trainingAccuracy }]),
    ...(accuracy === undefined ? [] : [{ ...validation, ...accuracy }]),
  ];
  drawLines(element, { losses, shares, epochs, height });
}

/** Draws two runs over each other: losses and accuracies on the validation rows. */
export function drawTwoRuns(element: JQuery, runs: readonly [Run, Run], height: number): void {
  const lines = (drawn: (curve: Curve) => Pick<CurveLine, "epoch" | "values"> | undefined): CurveLine[] =>
    runs.flatMap((run, index) => {
      const line = drawn(run.curve);
      return line === undefined ? [] : [{ name: nameOf(run), kind: index === 0 ? "first" : "second", ...line }];
    });
  const losses = lines(({ epoch, validationLoss }) => ({ epoch, values: validationLoss }));
  const shares = lines(({ accuracy }) => accuracy);
  drawLines(element, { losses, shares, epochs: Math.max(...runs.map(shownEpochs)), height });
}

/** What a run is called among others: the time of its start. */
export function nameOf(run: Run): string {
  return new Date(run.started).toLocaleTimeString();
}

interface DrawnLines {
  losses: readonly CurveLine[];
  shares: readonly CurveLine[];
  epochs: number;
  height: number;
}

function drawLines(element: JQuery, { losses, shares, epochs, height }: DrawnLines): void {
  const width = Math.max(140, Math.floor(element.width() ?? 0));
  const epoch = sharedText("curve.epoch");
  const texts = (key: string) => ({ epoch, value: sharedText(`curve.${key}`) });
  const drawn = [drawCurves(losses, { width, height, epochs, axis: "loss", texts: texts("loss") })];
  if (shares.length > 0) {
    drawn.push(drawCurves(shares, { width, height, epochs, axis: "share", texts: texts("accuracy") }));
  }
  element.html(drawn.join(""));
}

/** What can be done with a run beyond stopping it. */
export interface RunActions {
  /** Called when there is nothing to stop any more. */
  refresh(): void;
  /** Whether it is its node's newest run, which alone can be resumed. */
  isNewest: boolean;
  /** Whether the stored model is this run's. */
  hasModel: boolean;
}

/** What can be done with a run, among all the runs, newest first. */
export function actionsOf(run: Run, runs: readonly Run[], refresh: () => void): RunActions {
  const newest = runs.find(({ node }) => node === run.node);
  const finished = runs.find(({ model, state }) => model === run.model && state === "finished");
  return { refresh, isNewest: newest?.id === run.id, hasModel: finished?.id === run.id };
}

/** A run's line of text with the buttons that stop and resume it, and the one that downloads its model. */
export function runHeader(run: Run, { refresh, isNewest, hasModel }: RunActions): JQuery {
  const line = $('<div class="tinyml-run-line">');
  $('<span class="tinyml-run-state">').addClass(`tinyml-run-${run.state}`).text(describeRun(run)).appendTo(line);
  const button = (key: string, act: () => void) =>
    $('<button type="button" class="red-ui-button red-ui-button-small">')
      .text(sharedText(`run.${key}`))
      .on("click", (event) => {
        event.preventDefault();
        act();
      })
      .appendTo(line);
  const post = (path: string, failure: string) => {
    $.post(`tinyml/${path}`).fail(() => {
      RED.notify(sharedText(`run.${failure}`), "warning");
      refresh();
    });
  };
  if (run.state === "running") button("stop", () => post(`runs/${run.id}/stop`, "notStopped"));
  const isCutOff = run.state === "stopped" || run.error?.code === "TINYML_WORKER_FAILED";
  if (isCutOff && isNewest) button("resume", () => post(`nodes/${run.node}/resume`, "notResumed"));
  if (hasModel) {
    const file = `${run.model}.tflite`;
    button("download", async () => {
      const failed = await downloadFile(`models/${encodeURIComponent(run.model)}.tflite`, file);
      if (failed !== undefined) notifyProblem(failed);
    }).attr("title", file);
  }
  if (run.error !== undefined && run.state === "failed") {
    $('<div class="tinyml-run-error">').text(run.error.message).appendTo(line);
  }
  return line;
}
