import { sharedText } from "../browser.editor";
import type { ExploredDataset, SampleView } from "../explorer";
import { type Answer, problemText } from "../requests.editor";
import { colorOf, drawLines, formatNumber, spectrogramPixels } from "../sample-plot";

/** Pictures are enlarged to about this, in whole steps, so that their pixels stay squares; larger ones are made smaller. */
const pictureSize = 200;

/**
 * Fills an element with a drawing of a sample, as wide as the element is: a recording's lines with its channels' names, a sound's spectrogram and lines,
 * a picture, or the numbers of a row.
 * @param fetchFile fetches the sample's file, for pictures and for listening
 */
export function drawSample(
  element: JQuery,
  { entry, plot }: SampleView,
  { channels, rateHz }: ExploredDataset,
  fetchFile: (id: number) => Promise<Answer<Blob>>,
): void {
  const width = Math.max(150, Math.floor(element.width() ?? 0));
  element.empty();
  if (plot.type === "row") {
    const rows = $('<div class="tinyml-rows">').appendTo(element);
    for (const [i, { name, unit }] of channels.entries()) {
      const value = plot.values[i];
      rows.append(
        $("<div>").append(
          $("<span>").text(name),
          $("<span>").text(`${value === undefined ? "–" : formatNumber(value)} ${unit}`),
        ),
      );
    }
    return;
  }
  if (plot.type === "picture") {
    drawPicture(element, plot, width, fetchFile(entry.id));
    return;
  }
  const axis = sharedText(rateHz === undefined ? "explorer.axisReadings" : "explorer.axisSeconds");
  if (plot.type === "sound") {
    const { columns, bands, highestHz, levels } = plot.spectrogram;
    const canvas = $('<canvas class="tinyml-spectrogram" role="img">').attr({
      width: columns,
      height: bands,
      "aria-label": sharedText("explorer.spectrogram"),
    });
    const box = canvas.get(0);
    const bytes = Uint8Array.from(atob(levels), (character) => character.charCodeAt(0));
    if (box instanceof HTMLCanvasElement) {
      box.getContext("2d")?.putImageData(new ImageData(spectrogramPixels(bytes, columns, bands), columns, bands), 0, 0);
    }
    element.append(
      $('<div class="tinyml-caption">').text(sharedText("explorer.pitch", { khz: formatNumber(highestHz / 1000) })),
      canvas,
    );
    element.append(drawLines(plot.envelope, { width, height: 110, rateHz, axis }));
    listen(element, () => fetchFile(entry.id));
    return;
  }
  // What is measured in another unit gets a drawing of its own: in one the smaller numbers were a line at zero.
  const units = [...new Set(channels.map(({ unit }) => unit))];
  for (const unit of units) {
    const only = [...channels.keys()].filter((channel) => channels[channel]?.unit === unit);
    const legend = $('<div class="tinyml-legend">').appendTo(element);
    for (const channel of only) {
      $('<span class="tinyml-card-detail">')
        .append(
          $('<i class="tinyml-swatch">').css("background", colorOf(channel)),
          $("<span>").text(channels[channel]?.name ?? ""),
        )
        .appendTo(legend);
    }
    if (unit !== "")
      $('<span class="tinyml-card-detail">').text(sharedText("explorer.unit", { unit })).appendTo(legend);
    element.append(drawLines(plot.envelope, { width, height: units.length > 1 ? 130 : 170, rateHz, axis, only }));
  }
}

function drawPicture(
  element: JQuery,
  { width: pixels, height }: { width: number; height: number },
  room: number,
  file: Promise<Answer<Blob>>,
): void {
  const most = Math.min(room, pictureSize);
  const factor = most / Math.max(1, pixels, height);
  const scale = factor > 1 ? Math.floor(factor) : factor;
  const image = $('<img class="tinyml-picture">')
    .attr("alt", sharedText("explorer.picture", { width: pixels, height }))
    .css({ width: Math.round(pixels * scale), height: Math.round(height * scale) })
    .toggleClass("tinyml-picture-enlarged", scale > 1)
    .appendTo(element);
  $('<div class="tinyml-card-detail">')
    .text(sharedText("explorer.picture", { width: pixels, height }))
    .appendTo(element);
  file.then((answer) => {
    if ("problem" in answer) {
      image.replaceWith($('<div class="tinyml-run-error">').append(problemText(answer)));
      return;
    }
    const address = URL.createObjectURL(answer.result);
    image.on("load error", () => URL.revokeObjectURL(address)).attr("src", address);
  });
}

/** A button that plays a sound. */
function listen(element: JQuery, fetchFile: () => Promise<Answer<Blob>>): void {
  const button = $('<button type="button" class="red-ui-button red-ui-button-small">')
    .append(
      $('<i class="fa fa-play" aria-hidden="true">'),
      document.createTextNode(` ${sharedText("explorer.listen")}`),
    )
    .appendTo($('<div class="tinyml-buttons">').appendTo(element));
  const problem = $('<div class="tinyml-run-error" role="alert">').appendTo(element);
  button.on("click", async () => {
    const answer = await fetchFile();
    problem.empty();
    if ("problem" in answer) {
      problem.append(problemText(answer));
      return;
    }
    const address = URL.createObjectURL(answer.result);
    const audio = new Audio(address);
    audio.addEventListener("ended", () => URL.revokeObjectURL(address));
    await audio.play().catch(() => URL.revokeObjectURL(address));
  });
}
