import { escapeUnprintable } from "../printable";
import type { ClassificationEvaluation, RegressionEvaluation } from "./evaluate-model";
import type { EvaluationReport } from "./evaluate-rows";

/** A part of the picture, drawn from its own corner. */
interface Panel {
  width: number;
  height: number;
  content: string;
}

/** Panels side by side before the next ones go below; pixels between them and around them. */
const panelsPerLine = 3;
const gap = 16;

/** Pixels of the text, and of one letter of it on average: SVG doesn't lay out text. */
const textSize = 12;
const letter = 6.8;

/** Colours by what they are for, in a light and in a dark surrounding. The picture has its own ground, so it can be read on any page. */
const style = [
  ".tinyml-evaluation{font:12px system-ui,sans-serif}",
  ".tinyml-evaluation .title{font-weight:600}",
  ".tinyml-evaluation .ground{fill:#fff}",
  ".tinyml-evaluation text{fill:#262626}",
  ".tinyml-evaluation .faint{fill:#5c5c5c}",
  ".tinyml-evaluation .line{stroke:#c4c4c4;fill:none}",
  ".tinyml-evaluation .right{fill:#2a9d8f}",
  ".tinyml-evaluation .wrong{fill:#e76f51}",
  ".tinyml-evaluation .point{fill:#1f77b4;fill-opacity:.55}",
  "@media(prefers-color-scheme:dark){",
  ".tinyml-evaluation .ground{fill:#1f1f1f}",
  ".tinyml-evaluation text{fill:#ececec}",
  ".tinyml-evaluation .faint{fill:#ababab}",
  ".tinyml-evaluation .line{stroke:#565656}",
  ".tinyml-evaluation .right{fill:#1d8377}",
  ".tinyml-evaluation .wrong{fill:#c2502f}",
  ".tinyml-evaluation .point{fill:#6db3e8}",
  "}",
].join("");

/**
 * Draws how well models do, side by side, as SVG text: for a classifier its confusion matrix (a row for each wanted label, coloured by the share
 * of the row), for numbers what was predicted against what was wanted, on a line where both are equal. It follows the page's light or dark.
 */
export function drawEvaluations(reports: readonly EvaluationReport[]): string {
  const panels = reports.flatMap((report) =>
    report.task === "classification"
      ? [drawConfusion(report, titlesOf(report))]
      : report.targets.map((_, target) => drawScatter(report, target, titlesOf(report, target))),
  );
  const cell = {
    width: largest(panels.map(({ width }) => width)),
    height: largest(panels.map(({ height }) => height)),
  };
  const columns = Math.min(panelsPerLine, panels.length);
  const lines = Math.ceil(panels.length / panelsPerLine);
  const width = Math.ceil(columns * (cell.width + gap) + gap);
  const height = Math.ceil(lines * (cell.height + gap) + gap);
  const placed = panels.map(({ content }, i) => {
    const x = gap + (i % panelsPerLine) * (cell.width + gap);
    const y = gap + Math.floor(i / panelsPerLine) * (cell.height + gap);
    return `<g transform="translate(${round(x)} ${round(y)})">${content}</g>`;
  });
  const about = escapeText(reports.map((report) => titlesOf(report).join(": ")).join("; "));
  return `<svg xmlns="http://www.w3.org/2000/svg" class="tinyml-evaluation" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"><title>${about}</title><style>${style}</style><rect class="ground" width="${width}" height="${height}" rx="6"/>${placed.join("")}</svg>`;
}

/** What stands above a panel: the model's name, and how well it does. */
function titlesOf(report: EvaluationReport, target?: number): [name: string, figures: string] {
  const name = report.model || "model";
  const rows = `${report.samples} ${report.split === "all" ? "" : `${report.split} `}rows`;
  if (report.task === "classification") {
    const f1 = report.macro.f1 === null ? "" : `, F1 ${report.macro.f1.toFixed(3)}`;
    return [name, `accuracy ${percent(report.accuracy)}${f1}, ${rows}`];
  }
  const { rmse, r2 } = target === undefined ? report : report.targets[target];
  return [name, `RMSE ${Number(rmse.toPrecision(3))}${r2 === null ? "" : `, R² ${r2.toFixed(3)}`}, ${rows}`];
}

function drawConfusion(
  { labels, confusion }: ClassificationEvaluation,
  [name, figures]: readonly [string, string],
): Panel {
  const count = labels.length;
  const size = Math.max(6, Math.min(44, Math.floor(400 / count)));
  const side = size * count;
  // Labels that stand closer than a line of text would run into each other.
  const labelStep = Math.ceil(textSize / size);
  const shortLabels = labels.map((label) => shorten(label, 14));
  const longest = largest(shortLabels.map(({ length }) => length)) * letter;
  const isUpright = longest > size - 4;
  const left = 28 + longest;
  const top = 44 + (isUpright ? longest : textSize) + 24;
  const mostDigits = String(largest(confusion.flat())).length;
  const digitSize = Math.min(textSize, (size - 4) / (0.6 * mostDigits));

  const parts = [
    text(0, 12, name, { class: "title" }),
    text(0, 30, figures, { class: "faint" }),
    text(left, 52, "predicted", { class: "faint" }),
    `<text class="faint" transform="translate(12 ${round(top + side / 2)}) rotate(-90)" text-anchor="middle">wanted</text>`,
  ];
  shortLabels.forEach((label, i) => {
    if (i % labelStep !== 0) return;
    const middle = (i + 0.5) * size;
    parts.push(text(left - 6, top + middle + 4, label, { anchor: "end" }));
    parts.push(
      isUpright
        ? `<text transform="translate(${round(left + middle + 4)} ${top - 6}) rotate(-90)">${escapeText(label)}</text>`
        : text(left + middle, top - 6, label, { anchor: "middle" }),
    );
  });
  confusion.forEach((row, wanted) => {
    const sum = row.reduce((total, each) => total + each, 0);
    row.forEach((each, got) => {
      if (each === 0) return;
      const x = left + got * size;
      const y = top + wanted * size;
      // A few mistakes among many samples shall still be seen.
      const opacity = round(0.15 + 0.6 * (each / sum));
      const kind = wanted === got ? "right" : "wrong";
      parts.push(
        `<rect class="${kind}" x="${x}" y="${y}" width="${size}" height="${size}" fill-opacity="${opacity}"/>`,
      );
      if (digitSize < 7) return;
      parts.push(
        `<text x="${x + size / 2}" y="${round(y + size / 2 + digitSize * 0.36)}" font-size="${round(digitSize)}" text-anchor="middle">${each}</text>`,
      );
    });
  });
  const grid = Array.from({ length: count + 1 }, (_, i) => {
    const at = i * size;
    return `M${left} ${top + at}h${side}M${left + at} ${top}v${side}`;
  });
  parts.push(`<path class="line" d="${(size < 12 ? [grid[0], grid[count]] : grid).join("")}"/>`);
  const titleWidth = Math.max(name.length, figures.length) * letter;
  return { width: Math.max(left + side, titleWidth), height: top + side, content: parts.join("") };
}

function drawScatter(
  { targets, points }: RegressionEvaluation,
  target: number,
  [name, figures]: readonly [string, string],
): Panel {
  const side = 260;
  const left = 62;
  const top = 44;
  const numbers = points.flatMap(({ wanted, got }) => [wanted[target], got[target]]);
  const lowest = numbers.reduce((a, b) => Math.min(a, b));
  const highest = largest(numbers);
  const air = (highest - lowest) * 0.04 || Math.abs(highest) * 0.04 || 1;
  const low = lowest - air;
  const high = highest + air;
  const place = (value: number): number => ((value - low) / (high - low)) * side;

  const parts = [text(0, 12, name, { class: "title" }), text(0, 30, figures, { class: "faint" })];
  for (const tick of ticksBetween(low, high)) {
    const at = place(tick);
    const label = String(Number(tick.toPrecision(6)));
    parts.push(
      `<path class="line" d="M${left} ${round(top + side - at)}h${side}M${round(left + at)} ${top}v${side}"/>`,
    );
    parts.push(text(left - 6, top + side - at + 4, label, { anchor: "end" }));
    parts.push(text(left + at, top + side + 16, label, { anchor: "middle" }));
  }
  parts.push(`<path class="line" stroke-width="2" d="M${left} ${top + side}L${left + side} ${top}"/>`);
  for (const { wanted, got } of points) {
    const x = round(left + place(wanted[target]));
    const y = round(top + side - place(got[target]));
    parts.push(`<circle class="point" cx="${x}" cy="${y}" r="3"/>`);
  }
  const caption = `wanted ${shorten(targets[target].name, 28)}`;
  parts.push(text(left + side / 2, top + side + 34, caption, { class: "faint", anchor: "middle" }));
  parts.push(
    `<text class="faint" transform="translate(12 ${top + side / 2}) rotate(-90)" text-anchor="middle">predicted</text>`,
  );
  const titleWidth = Math.max(name.length, figures.length) * letter;
  return { width: Math.max(left + side + 10, titleWidth), height: top + side + 40, content: parts.join("") };
}

/** About five round numbers between two: multiples of 1, 2 or 5 times a power of ten. */
function ticksBetween(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step);
  const count = Math.max(0, Math.floor(high / step) - first + 1);
  return Array.from({ length: count }, (_, i) => (first + i) * step);
}

function text(
  x: number,
  y: number,
  content: string,
  { class: kind, anchor = "start" }: { class?: string; anchor?: string },
): string {
  const classed = kind === undefined ? "" : ` class="${kind}"`;
  return `<text${classed} x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeText(content)}</text>`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

function shorten(name: string, most: number): string {
  const letters = Array.from(name);
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : name;
}

function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), Number.NEGATIVE_INFINITY);
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}

/** A name as XML can hold it; it may come from a file. */
function escapeText(content: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return escapeUnprintable(content).replace(/[&<>"]/g, (sign) => entities[sign]);
}
