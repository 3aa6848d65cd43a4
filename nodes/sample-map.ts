/** Points of a plane, and where they are in a drawing. */
export interface PlacedPoints {
  /** Pixels from the drawing's left and upper edge. */
  x: Float32Array;
  y: Float32Array;
}

/** Pixels around a map's points, in which their marks have room. */
const margin = 10;

/** Places points in a drawing: as large as they fit, both directions on one scale, so that distances can be compared. */
export function placePoints(x: readonly number[], y: readonly number[], width: number, height: number): PlacedPoints {
  const [left, right] = ends(x);
  const [low, high] = ends(y);
  const scale = Math.min(
    (width - 2 * margin) / Math.max(right - left, 1e-12),
    (height - 2 * margin) / Math.max(high - low, 1e-12),
  );
  // A single point, or several in one place, have no extent to scale by.
  const factor = scale < 1e9 ? scale : 0;
  return {
    x: Float32Array.from(x, (value) => width / 2 + (value - (left + right) / 2) * factor),
    y: Float32Array.from(y, (value) => height / 2 - (value - (low + high) / 2) * factor),
  };
}

function ends(values: readonly number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 0] : [low, high];
}

/** The point that is nearest to a place, within `reach` pixels; −1 where there is none. Of several in one place the one drawn last. */
export function nearestPoint({ x, y }: PlacedPoints, atX: number, atY: number, reach: number): number {
  let nearest = -1;
  let least = reach * reach;
  for (let i = 0; i < x.length; i++) {
    const distance = (x[i] - atX) ** 2 + (y[i] - atY) ** 2;
    if (distance > least) continue;
    least = distance;
    nearest = i;
  }
  return nearest;
}

/** Where the arrow keys lead. */
export type Direction = "left" | "right" | "up" | "down";

/** The next point from one in a direction: the nearest in that quarter of the plane; the same one where there is none. */
export function nextPoint({ x, y }: PlacedPoints, from: number, direction: Direction): number {
  let next = from;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < x.length; i++) {
    const right = x[i] - x[from];
    const down = y[i] - y[from];
    const ahead = { left: -right, right, up: -down, down }[direction];
    const aside = Math.abs(direction === "left" || direction === "right" ? down : right);
    // What lies in the very same place would hold whoever walks for ever.
    if (ahead <= 0 || aside > ahead) continue;
    const distance = ahead * ahead + aside * aside;
    if (distance >= least) continue;
    least = distance;
    next = i;
  }
  return next;
}

/** The points within a line that somebody drew around them (closed from its last place to its first). */
export function pointsWithin({ x, y }: PlacedPoints, line: readonly (readonly [x: number, y: number])[]): number[] {
  const within: number[] = [];
  for (let i = 0; i < x.length; i++) {
    let inside = false;
    for (const [index, [toX, toY]] of line.entries()) {
      const [fromX, fromY] = line[(index + line.length - 1) % line.length] ?? [0, 0];
      if (toY > y[i] === fromY > y[i]) continue;
      if (x[i] < ((fromX - toX) * (y[i] - toY)) / (fromY - toY) + toX) inside = !inside;
    }
    if (inside) within.push(i);
  }
  return within;
}

/** The colour of a number between two others, from blue over grey to orange. */
export function colorBetween(value: number, low: number, high: number): string {
  const share = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
  const mix = (from: number, to: number): number => Math.round(from + share * (to - from));
  return `rgb(${mix(40, 235)} ${mix(120, 130)} ${mix(225, 30)})`;
}
