import { sharedText } from "../browser.editor";
import type { MapView } from "../explorer";
import {
  colorBetween,
  type Direction,
  nearestPoint,
  nextPoint,
  type PlacedPoints,
  placePoints,
  pointsWithin,
} from "../sample-map";
import { colorOf, formatNumber, rangeOf } from "../sample-plot";

/** Pixels around the pointer in which a point is found, and the movement from which on a press is a line drawn around points. */
const reach = 9;
const leastMovement = 5;

/** A map of samples in which they can be chosen. */
export interface SampleMapView {
  readonly element: JQuery;
  /** Shows another map. */
  show(map: MapView): void;
  /** Marks samples as chosen. */
  mark(ids: readonly number[]): void;
  /** Draws it as wide as it is now. */
  draw(): void;
}

/** What a map needs of its surroundings. */
export interface SampleMapHost {
  /** The number of a label's colour. */
  classOf(label: string): number;
  onSelect(ids: readonly number[]): void;
  onDelete(): void;
}

/** Makes a map of samples. */
export function createSampleMap(host: SampleMapHost): SampleMapView {
  const canvas = $('<canvas class="tinyml-map-canvas" tabindex="0" role="img">').attr(
    "aria-label",
    sharedText("explorer.mapLabel"),
  );
  const tip = $('<div class="tinyml-map-tip" aria-live="polite">').hide();
  const about = $('<div class="tinyml-card-detail tinyml-map-about">');
  const element = $('<div class="tinyml-map">').append($('<div class="tinyml-map-area">').append(canvas, tip), about);
  /** The points as they were drawn last, without what is chosen: drawing 10,000 anew for each movement would be slow. */
  const ground = document.createElement("canvas");
  let map: MapView | undefined;
  let placed: PlacedPoints = { x: new Float32Array(0), y: new Float32Array(0) };
  let size = { width: 0, height: 0 };
  let selected: ReadonlySet<number> = new Set();
  let current = -1;
  let hovered = -1;
  let line: [number, number][] = [];

  const context = (of: HTMLCanvasElement | undefined): CanvasRenderingContext2D | undefined => {
    const found = of?.getContext("2d") ?? undefined;
    found?.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    return found;
  };

  const draw = (): void => {
    const width = Math.floor(element.width() ?? 0);
    if (map === undefined || width === 0) return;
    size = { width, height: Math.round(Math.min(420, Math.max(200, width * 0.75))) };
    for (const each of [ground, canvas.get(0)]) {
      if (!(each instanceof HTMLCanvasElement)) continue;
      each.width = size.width * devicePixelRatio;
      each.height = size.height * devicePixelRatio;
    }
    canvas.css({ width: size.width, height: size.height });
    placed = placePoints(map.x, map.y, size.width, size.height);
    const onGround = context(ground);
    if (onGround !== undefined) drawPoints(onGround, map, placed, host.classOf);
    overlay();
  };

  /** What changes often, above the points. */
  const overlay = (): void => {
    const box = canvas.get(0);
    const brush = context(box instanceof HTMLCanvasElement ? box : undefined);
    if (brush === undefined || map === undefined) return;
    brush.clearRect(0, 0, size.width, size.height);
    brush.drawImage(ground, 0, 0, size.width, size.height);
    brush.strokeStyle = element.css("color");
    for (const [i, id] of map.ids.entries()) {
      if (!selected.has(id) && i !== hovered) continue;
      brush.lineWidth = selected.has(id) ? 2 : 1;
      brush.beginPath();
      brush.arc(placed.x[i] ?? 0, placed.y[i] ?? 0, selected.has(id) ? 6.5 : 5.5, 0, 2 * Math.PI);
      brush.stroke();
    }
    if (line.length < 2) return;
    brush.lineWidth = 1;
    brush.setLineDash([4, 3]);
    brush.beginPath();
    for (const [x, y] of line) brush.lineTo(x, y);
    brush.closePath();
    brush.stroke();
    brush.setLineDash([]);
  };

  const hover = (point: number): void => {
    hovered = point;
    overlay();
    if (map === undefined || point < 0) {
      tip.hide();
      return;
    }
    const value = map.values[point];
    const name = map.labels?.[value ?? -1] ?? (value === null || value === undefined ? "–" : formatNumber(value));
    tip.text(`#${map.ids[point]} ${name}`).show();
    const x = placed.x[point] ?? 0;
    tip.css({
      left: Math.max(0, Math.min(x + 10, size.width - (tip.outerWidth() ?? 0))),
      top: Math.max(0, (placed.y[point] ?? 0) - 28),
    });
  };

  const choose = (points: readonly number[], more: boolean): void => {
    const ids = points.flatMap((point) => map?.ids[point] ?? []);
    current = points.at(-1) ?? current;
    const [only] = ids;
    if (!more) host.onSelect(ids);
    else if (ids.length === 1 && only !== undefined && selected.has(only)) {
      host.onSelect([...selected].filter((id) => id !== only));
    } else host.onSelect([...new Set([...selected, ...ids])]);
  };

  const placeOf = (event: JQuery.TriggeredEvent): [number, number] => {
    const box = canvas.get(0)?.getBoundingClientRect();
    return [(event.clientX ?? 0) - (box?.left ?? 0), (event.clientY ?? 0) - (box?.top ?? 0)];
  };

  canvas.on("pointerdown", (event) => {
    line = [placeOf(event)];
    const { originalEvent } = event;
    if (originalEvent instanceof PointerEvent) canvas.get(0)?.setPointerCapture(originalEvent.pointerId);
  });
  canvas.on("pointermove", (event) => {
    const [x, y] = placeOf(event);
    const [start] = line;
    if (start === undefined) {
      const point = nearestPoint(placed, x, y, reach);
      if (point !== hovered) hover(point);
      return;
    }
    if (line.length === 1 && Math.hypot(x - start[0], y - start[1]) < leastMovement) return;
    line.push([x, y]);
    overlay();
  });
  canvas.on("pointerup", (event) => {
    const drawn = line;
    line = [];
    const more = event.shiftKey === true || event.ctrlKey === true || event.metaKey === true;
    if (drawn.length > 2) choose(pointsWithin(placed, drawn), more);
    else {
      const [x, y] = placeOf(event);
      const point = nearestPoint(placed, x, y, reach);
      if (point >= 0 || !more) choose(point < 0 ? [] : [point], more);
    }
    overlay();
  });
  canvas.on("pointercancel", () => {
    line = [];
    overlay();
  });
  canvas.on("pointerleave blur", () => hover(-1));
  canvas.on("keydown", (event) => {
    const directions: Readonly<Record<string, Direction>> = {
      ArrowLeft: "left",
      ArrowRight: "right",
      ArrowUp: "up",
      ArrowDown: "down",
    };
    const direction = directions[event.key];
    if (direction !== undefined && placed.x.length > 0) {
      const next = current < 0 || current >= placed.x.length ? 0 : nextPoint(placed, current, direction);
      choose([next], event.shiftKey === true);
      hover(next);
    } else if (event.key === "Delete" && selected.size > 0) host.onDelete();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    element,
    show(shown) {
      map = shown;
      hovered = -1;
      tip.hide();
      const values = {
        points: shown.ids.length,
        samples: shown.samples,
        percent: Math.round(100 * shown.shown),
        unreadable: shown.unreadable,
      };
      const texts = [
        sharedText("explorer.mapAlike"),
        sharedText(shown.labels === undefined ? "explorer.mapTargets" : "explorer.mapLabels"),
        sharedText(shown.ids.length < shown.samples ? "explorer.mapPart" : "explorer.mapAll", values),
      ];
      if (shown.unreadable > 0) texts.push(sharedText("explorer.mapUnreadable", values));
      about.text(texts.join(" "));
      draw();
    },
    mark(ids) {
      selected = new Set(ids);
      current = map?.ids.indexOf(ids.at(-1) ?? -1) ?? -1;
      overlay();
    },
    draw,
  };
}

/** Marks of labels that lie next to each other differ in shape as well, for those who see their colours as one. */
const shapes: readonly ((brush: CanvasRenderingContext2D, x: number, y: number) => void)[] = [
  (brush, x, y) => {
    brush.moveTo(x + 3.2, y);
    brush.arc(x, y, 3.2, 0, 2 * Math.PI);
  },
  (brush, x, y) => brush.rect(x - 2.8, y - 2.8, 5.6, 5.6),
  (brush, x, y) => {
    brush.moveTo(x, y - 3.8);
    brush.lineTo(x + 3.6, y + 2.8);
    brush.lineTo(x - 3.6, y + 2.8);
  },
  (brush, x, y) => {
    brush.moveTo(x, y - 4);
    brush.lineTo(x + 4, y);
    brush.lineTo(x, y + 4);
    brush.lineTo(x - 4, y);
  },
];

function drawPoints(
  brush: CanvasRenderingContext2D,
  { values, labels }: MapView,
  { x, y }: PlacedPoints,
  classOf: SampleMapHost["classOf"],
): void {
  brush.globalAlpha = x.length > 2000 ? 0.6 : 0.8;
  const classes = labels?.map(classOf);
  const [low, high] = classes === undefined ? rangeOf(values.filter((value) => value !== null)) : [0, 0];
  for (const [i, value] of values.entries()) {
    const kind = classes?.[value ?? 0] ?? 0;
    brush.fillStyle = classes === undefined ? colorBetween(value ?? 0, low, high) : colorOf(kind);
    brush.beginPath();
    shapes[kind % shapes.length]?.(brush, x[i] ?? 0, y[i] ?? 0);
    brush.fill();
  }
  brush.globalAlpha = 1;
}
