import type { EditorRED } from "node-red";
import { sharedText } from "./browser.editor";
import { drawCurve, shownEpochs } from "./curve";
import type { Run } from "./runs";

declare const RED: EditorRED;

/** Numbers of a loss, short enough for a line of text. */
export function shortLoss(loss: number | undefined): string {
  return loss === undefined || !Number.isFinite(loss) ? "–" : loss.toPrecision(3);
}

/** What a run has reached, in one line. */
export function describeRun(run: Run): string {
  const values = {
    epoch: run.epoch,
    epochs: run.epochs,
    loss: shortLoss(run.validationLoss ?? run.loss),
    seconds: run.seconds.toFixed(1),
  };
  return sharedText(`run.${run.state}`, values);
}

/** Draws a run's curve as wide as the element is. */
export function drawRun(element: JQuery, run: Run, height: number): void {
  const width = Math.max(140, Math.floor(element.width() ?? 0));
  const texts = {
    epoch: sharedText("curve.epoch"),
    loss: sharedText("curve.loss"),
    training: sharedText("curve.training"),
    validation: sharedText("curve.validation"),
  };
  element.html(drawCurve(run.curve, { width, height, epochs: shownEpochs(run), texts }));
}

/** A run's line of text with the button that stops it; `refresh` is called when there is nothing to stop any more. */
export function runHeader(run: Run, refresh: () => void): JQuery {
  const line = $('<div class="tinyml-run-line">');
  $('<span class="tinyml-run-state">').addClass(`tinyml-run-${run.state}`).text(describeRun(run)).appendTo(line);
  if (run.state === "running") {
    $('<button type="button" class="red-ui-button red-ui-button-small">')
      .text(sharedText("run.stop"))
      .on("click", (event) => {
        event.preventDefault();
        $.post(`tinyml/runs/${run.id}/stop`).fail(() => {
          RED.notify(sharedText("run.notStopped"), "warning");
          refresh();
        });
      })
      .appendTo(line);
  }
  if (run.error !== undefined && run.state === "failed") {
    $('<div class="tinyml-run-error">').text(run.error.message).appendTo(line);
  }
  return line;
}
