/** Losses by epoch, at most `points` of them; `step` epochs lie between two. */
export interface Curve {
  step: number;
  epoch: number[];
  loss: number[];
  validationLoss: number[];
  /** Classification: the share of the validation rows that is right, in epochs of its own; runs of older versions have none. */
  accuracy?: Shares;
  /** The same of the training rows, as they were met. */
  trainingAccuracy?: Shares;
}

/** Shares by epochs of their own. */
export interface Shares {
  epoch: number[];
  values: number[];
}

/** What an epoch reached. */
export interface CurvePoint {
  epoch: number;
  loss: number;
  validationLoss: number;
  accuracy?: number;
  trainingAccuracy?: number;
}

/** Points that a curve keeps; more can't be told apart on a screen's few hundred pixels. */
const points = 200;

/** A curve without a point. */
export function emptyCurve(): Curve {
  return { step: 1, epoch: [], loss: [], validationLoss: [] };
}

/** Adds an epoch. When the curve is full, every second point goes and from then on every second epoch is left out. */
export function addPoint(curve: Curve, { epoch, loss, validationLoss, ...shares }: CurvePoint): void {
  if ((epoch - 1) % curve.step !== 0) return;
  if (curve.epoch.length >= points) {
    curve.step *= 2;
    const isKept = (value: number) => (value - 1) % curve.step === 0;
    const keep = (values: readonly number[], epochs: readonly number[]) =>
      values.filter((_, index) => isKept(epochs[index] ?? 0));
    for (const key of ["accuracy", "trainingAccuracy"] as const) {
      const before = curve[key];
      if (before === undefined) continue;
      curve[key] = { epoch: before.epoch.filter(isKept), values: keep(before.values, before.epoch) };
    }
    curve.loss = keep(curve.loss, curve.epoch);
    curve.validationLoss = keep(curve.validationLoss, curve.epoch);
    curve.epoch = curve.epoch.filter(isKept);
    if (!isKept(epoch)) return;
  }
  for (const key of ["accuracy", "trainingAccuracy"] as const) {
    const share = shares[key];
    if (share === undefined) continue;
    const line = curve[key] ?? { epoch: [], values: [] };
    line.epoch.push(epoch);
    line.values.push(share);
    curve[key] = line;
  }
  curve.epoch.push(epoch);
  curve.loss.push(loss);
  curve.validationLoss.push(validationLoss);
}

/** A line of a drawing. */
export interface CurveLine {
  /** In the legend. */
  name: string;
  /** The class `tinyml-curve-…` that it is drawn with. */
  kind: "training" | "validation" | "first" | "second";
  epoch: readonly number[];
  values: readonly number[];
}

/** How curves are drawn. */
export interface CurveDrawing {
  /** Pixels. */
  width: number;
  height: number;
  /** The epochs that the axis covers. */
  epochs: number;
  /** Losses upwards on a logarithmic scale, or shares in percent. */
  axis: "loss" | "share";
  /** Texts at the axes. */
  texts: { epoch: string; value: string };
}

/** The axis upwards: how far up a value lies (0 at the bottom, 1 at the top; undefined where it has no place), and its lines. */
interface Axis {
  at(value: number): number | undefined;
  ticks(pixels: number): Array<{ value: number; label: string }>;
}

/**
 * Curves over epochs as SVG text. Colours and sizes come from the classes `tinyml-curve-…` (nodes/sidebar/editor.html).
 */
export function drawCurves(lines: readonly CurveLine[], { width, height, epochs, axis, texts }: CurveDrawing): string {
  const left = 44;
  const right = 10;
  const narrow = width < 240;
  const top = narrow ? 8 + 15 * lines.length : 22;
  const bottom = 34;
  const pixels = height - top - bottom;
  const values = lines.flatMap((line) => line.values);
  const upwards = axis === "loss" ? lossAxis(values) : shareAxis(values);
  const x = (epoch: number) => left + ((epoch - 1) / Math.max(1, epochs - 1)) * (width - left - right);
  const y = (value: number) => {
    const at = upwards.at(value);
    return at === undefined ? undefined : round(top + (1 - at) * pixels);
  };

  const parts: string[] = [];
  for (const { value, label } of upwards.ticks(pixels)) {
    const at = y(value) ?? top;
    parts.push(`<line class="tinyml-curve-grid" x1="${left}" x2="${width - right}" y1="${at}" y2="${at}"/>`);
    parts.push(`<text class="tinyml-curve-text" x="${left - 5}" y="${at + 4}" text-anchor="end">${label}</text>`);
  }
  for (const epoch of epochTicks(epochs, width)) {
    const at = round(x(epoch));
    // A number in the middle under the last line would be cut off by the drawing's edge.
    const anchor = at > width - right - 12 ? "end" : "middle";
    parts.push(`<line class="tinyml-curve-grid" x1="${at}" x2="${at}" y1="${top}" y2="${height - bottom}"/>`);
    parts.push(
      `<text class="tinyml-curve-text" x="${anchor === "end" ? width : at}" y="${height - bottom + 14}" text-anchor="${anchor}">${epoch}</text>`,
    );
  }
  parts.push(`<path class="tinyml-curve-axis" d="M${left} ${top}V${height - bottom}H${width - right}"/>`);
  parts.push(text((left + width - right) / 2, height - 5, "middle", texts.epoch));
  parts.push(text(2, 12, "start", texts.value));
  parts.push(...lines.map((line) => polyline(line, x, y)));
  parts.push(legend(width - right, narrow, lines));
  return `<svg class="tinyml-curve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">${parts.join("")}</svg>`;
}

function text(x: number, y: number, anchor: string, content: string): string {
  return `<text class="tinyml-curve-text" x="${round(x)}" y="${y}" text-anchor="${anchor}">${escapeText(content)}</text>`;
}

/** The lines' names, from the right edge leftwards; one below the other where they don't fit side by side. */
function legend(end: number, narrow: boolean, lines: readonly CurveLine[]): string {
  let right = end;
  const parts = [...lines].reverse().map(({ name, kind }, index) => {
    // SVG doesn't lay out text: estimate 6 pixels a letter.
    const start = right - name.length * 6;
    const below = narrow ? 15 * (lines.length - 1 - index) : 0;
    if (!narrow) right = start - 34;
    return (
      `<path class="tinyml-curve-line tinyml-curve-${kind}" d="M${start - 22} ${8 + below}h18"/>` +
      text(start, 12 + below, "start", name)
    );
  });
  return parts.join("");
}

function polyline(
  { kind, epoch, values }: CurveLine,
  x: (epoch: number) => number,
  y: (value: number) => number | undefined,
): string {
  const steps = epoch.flatMap((number, index) => {
    const value = values[index];
    const at = value === undefined ? undefined : y(value);
    return at === undefined ? [] : [`${round(x(number))} ${at}`];
  });
  if (steps.length === 0) return "";
  return `<path class="tinyml-curve-line tinyml-curve-${kind}" d="M${steps.join("L")}"/>`;
}

/** Losses on a logarithmic scale. */
function lossAxis(values: readonly number[]): Axis {
  const [low, high] = logarithmicRange(values.filter((value) => value > 0 && Number.isFinite(value)));
  return {
    at: (value) => (value > 0 && Number.isFinite(value) ? (Math.log10(value) - low) / (high - low) : undefined),
    ticks: (pixels) =>
      logarithmicTicks(low, high, pixels).map(({ exponent, label }) => ({ value: 10 ** exponent, label })),
  };
}

/** Shares in percent: from the tenth below the least, or half the way up where all are above, to 100. */
function shareAxis(values: readonly number[]): Axis {
  const least = values.filter(Number.isFinite).reduce((a, b) => Math.min(a, b), 1);
  const low = Math.min(0.5, Math.floor(least * 10) / 10);
  return {
    at: (value) => (Number.isFinite(value) ? (value - low) / (1 - low) : undefined),
    ticks(pixels) {
      const step = [0.05, 0.1, 0.25, 0.5].find((wanted) => (wanted * pixels) / (1 - low) >= tickGap) ?? 1;
      const ticks: Array<{ value: number; label: string }> = [];
      for (let value = 1; value >= low - 1e-9; value -= step)
        ticks.push({ value, label: `${Math.round(100 * value)} %` });
      return ticks;
    },
  };
}

/** The exponents between which the losses lie, with a little air and never less than half a decade apart. */
function logarithmicRange(losses: readonly number[]): [low: number, high: number] {
  if (losses.length === 0) return [-3, 0];
  const low = Math.log10(losses.reduce((a, b) => Math.min(a, b)));
  const high = Math.log10(losses.reduce((a, b) => Math.max(a, b)));
  const air = Math.max(0.04 * (high - low), (0.5 - (high - low)) / 2, 0.02);
  return [low - air, high + air];
}

/** Pixels that two lines of the loss axis are apart at least, so that their numbers don't touch. */
const tickGap = 14;
/** Between which powers of ten there are lines, and at which multiples of them: the finest first. */
const tickSteps = [
  { decades: 1, factors: [1, 1.5, 2, 3, 4, 5, 6, 8] },
  { decades: 1, factors: [1, 1.5, 2, 3, 5, 7] },
  { decades: 1, factors: [1, 2, 5] },
  { decades: 1, factors: [1, 3] },
  ...[1, 2, 3, 5, 10, 20, 50, 100].map((decades) => ({ decades, factors: [1] })),
];

/** Lines of a loss axis of that many pixels, between two exponents of ten: as many as there is room for. */
export function logarithmicTicks(
  low: number,
  high: number,
  pixels: number,
): Array<{ exponent: number; label: string }> {
  const fitting = tickSteps.find(({ decades, factors }) => {
    const exponents = [...factors.map((factor) => Math.log10(factor)), decades];
    const gaps = exponents.slice(1).map((exponent, index) => exponent - (exponents[index] ?? 0));
    return (Math.min(...gaps) * pixels) / (high - low) >= tickGap;
  });
  const ticks: Array<{ exponent: number; label: string }> = [];
  const { decades, factors } = fitting ?? { decades: 100, factors: [1] };
  for (let decade = Math.floor(low / decades) * decades; decade <= high; decade += decades) {
    for (const factor of factors) {
      const exponent = decade + Math.log10(factor);
      if (exponent < low || exponent > high) continue;
      const value = factor * 10 ** decade;
      ticks.push({
        exponent,
        label: decade < -4 || decade > 4 ? `${factor}e${decade}` : String(Number(value.toPrecision(2))),
      });
    }
  }
  return ticks;
}

/**
 * The epochs that the axis of a run covers. One that has ended: those that it trained. One under way: somewhat more, up to the next
 * round number, because its limit may be so far off that nothing were to be seen.
 */
export function shownEpochs({ state, epoch, epochs }: { state: string; epoch: number; epochs: number }): number {
  if (state !== "running") return Math.max(1, epoch);
  const wanted = Math.max(20, 1.2 * epoch);
  const decade = 10 ** Math.floor(Math.log10(wanted));
  const round = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((factor) => factor * decade).find((value) => value >= wanted);
  return Math.min(epochs, round ?? epochs);
}

/** Epochs to mark: round ones, as many as the width has room for. */
function epochTicks(epochs: number, width: number): number[] {
  const room = Math.max(2, Math.floor(width / 70));
  const rough = epochs / room;
  const decade = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map((factor) => factor * decade).find((candidate) => candidate >= rough) ?? 10 * decade;
  const ticks: number[] = [];
  for (let epoch = step; epoch <= epochs; epoch += step) ticks.push(epoch);
  return ticks;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
