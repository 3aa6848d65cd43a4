import type { Envelope } from "../src/dataset/explore/envelope";

/** Colours that stand out on light and on dark ground, and from each other where they are next to each other. */
const colors = [
  "#3b82d6",
  "#e0762b",
  "#2f9e62",
  "#c2418f",
  "#8b6fd1",
  "#b08900",
  "#1596a8",
  "#d1495b",
  "#72893a",
  "#94705c",
];

/** The colour of the n-th label or channel. */
export function colorOf(index: number): string {
  // The golden angle: however many there are, each is far from those just before it.
  return colors[index] ?? `hsl(${Math.round((index * 137.508) % 360)} 55% 52%)`;
}

/** How a sample's lines are drawn. */
export interface LinesDrawing {
  /** Pixels. */
  width: number;
  height: number;
  /** Readings per second; without it the axis counts readings. */
  rateHz?: number | undefined;
  /** The text below the axis. */
  axis: string;
  /** The channels that are drawn, by their numbers; all where absent. */
  only?: readonly number[];
}

const left = 44;
const right = 8;
const top = 6;
const bottom = 32;

/**
 * A sample's readings as lines over time, one per channel in the channels' colours, as SVG text; a thinned channel is the area between what it reaches at
 * least and at most. Colours and sizes of the rest come from the classes `tinyml-curve-…` (nodes/sidebar/editor.html).
 */
export function drawLines({ readings, step, channels }: Envelope, drawing: LinesDrawing): string {
  const { width, height, rateHz, only = [...channels.keys()] } = drawing;
  const drawn = only.flatMap((index) => (channels[index]?.minimum.length ? [{ index, ...channels[index] }] : []));
  const [low, high] = rangeOf(drawn.flatMap(({ minimum, maximum }) => [...minimum, ...(maximum ?? [])]));
  const end = Math.max(1, readings - 1);
  const x = (reading: number): number => round(left + (reading / end) * (width - left - right));
  const y = (value: number): number => round(top + ((high - value) / (high - low)) * (height - top - bottom));

  const parts: string[] = [];
  for (const value of ticksBetween(low, high, Math.max(2, Math.floor((height - top - bottom) / 18)))) {
    const at = y(value);
    parts.push(`<line class="tinyml-curve-grid" x1="${left}" x2="${width - right}" y1="${at}" y2="${at}"/>`);
    parts.push(text(left - 5, at + 4, "end", formatNumber(value)));
  }
  const duration = rateHz === undefined ? end : end / rateHz;
  for (const moment of ticksBetween(0, duration, Math.max(2, Math.floor(width / 75)))) {
    const at = x(rateHz === undefined ? moment : moment * rateHz);
    const anchor = at > width - right - 14 ? "end" : "middle";
    parts.push(`<line class="tinyml-curve-grid" x1="${at}" x2="${at}" y1="${top}" y2="${height - bottom}"/>`);
    parts.push(text(anchor === "end" ? width : at, height - bottom + 14, anchor, formatNumber(moment)));
  }
  parts.push(`<path class="tinyml-curve-axis" d="M${left} ${top}V${height - bottom}H${width - right}"/>`);
  parts.push(text((left + width - right) / 2, height - 4, "middle", drawing.axis));
  for (const { index, minimum, maximum } of drawn) {
    const lower = minimum.map((value, point) => `${x(Math.min(end, point * step))} ${y(value)}`);
    const upper = maximum?.map((value, point) => `${x(Math.min(end, point * step))} ${y(value)}`).reverse();
    const color = colorOf(index);
    parts.push(
      upper === undefined
        ? `<path class="tinyml-curve-line" stroke="${color}" d="M${lower.join("L")}"/>`
        : `<path class="tinyml-envelope" stroke="${color}" fill="${color}" d="M${lower.join("L")}L${upper.join("L")}Z"/>`,
    );
    // A single reading makes no line.
    if (lower.length === 1 && upper === undefined) {
      parts.push(`<circle cx="${x(0)}" cy="${y(minimum[0] ?? 0)}" r="3" fill="${color}"/>`);
    }
  }
  return `<svg class="tinyml-curve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">${parts.join("")}</svg>`;
}

/** The least and the greatest of some values with a little air; where they are all the same, a range around that. */
export function rangeOf(values: readonly number[]): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const air = low === high ? Math.abs(low) || 1 : (high - low) * 0.04;
  return [low - air, high + air];
}

/** Round numbers between two, at most `most` of them (but two where there is room for one step). */
export function ticksBetween(low: number, high: number, most: number): number[] {
  const rough = (high - low) / Math.max(1, most);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * decade).find((wanted) => wanted >= rough * (1 - 1e-9));
  if (step === undefined) return [];
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

/** A number, short enough for an axis: 0.25, 1500, 2e-7. */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential().replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}

/**
 * The pixels of a spectrogram, red, green, blue and full opacity, the highest band in the first row: dark blue where it is silent, over violet and orange to
 * light yellow where it is loudest. It looks the same in light and dark themes.
 */
export function spectrogramPixels(levels: Uint8Array, columns: number, bands: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * columns * bands);
  for (let column = 0; column < columns; column++) {
    for (let band = 0; band < bands; band++) {
      const [red, green, blue] = heat((levels[column * bands + band] ?? 0) / 255);
      pixels.set([red, green, blue, 255], 4 * ((bands - 1 - band) * columns + column));
    }
  }
  return pixels;
}

/** From silent (0) to loud (1), ever lighter, so that it can be read without seeing hues. */
const heats = [
  [6, 8, 34],
  [60, 22, 104],
  [150, 45, 110],
  [229, 92, 62],
  [250, 175, 60],
  [252, 250, 190],
] as const;

function heat(level: number): [red: number, green: number, blue: number] {
  const place = Math.min(1, Math.max(0, level)) * (heats.length - 1);
  const below = Math.min(heats.length - 2, Math.floor(place));
  const one = heats[below] ?? heats[0];
  const other = heats[below + 1] ?? one;
  const mix = (channel: 0 | 1 | 2): number => one[channel] + (place - below) * (other[channel] - one[channel]);
  return [mix(0), mix(1), mix(2)];
}

function text(x: number, y: number, anchor: string, content: string): string {
  return `<text class="tinyml-curve-text" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeText(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
