/// <reference lib="dom" />
import type * as Plot from "@observablehq/plot";

/**
 * Lets people look into a grid's cells with pointer, finger or arrow keys. Returns what marks the
 * chosen cell in a drawing, to be called for every new drawing.
 */
export function makeExplorable(
  figure: HTMLElement,
  columns: number,
  rows: number,
  chosen: (column: number, row: number) => void,
): (drawing: Drawing) => Drawing {
  let column = 0;
  let row = 0;
  let drawing: Drawing | undefined;
  const choose = (toColumn: number, toRow: number) => {
    column = Math.max(0, Math.min(columns - 1, toColumn));
    row = Math.max(0, Math.min(rows - 1, toRow));
    if (drawing !== undefined) outline(drawing, column, row);
    chosen(column, row);
  };
  figure.tabIndex = 0;
  figure.setAttribute("role", "group");
  figure.setAttribute("aria-label", `${figure.dataset.label ?? ""}; arrow keys move`);
  figure.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    choose(column + move[0], row + move[1]);
  });
  const point = (event: PointerEvent) => {
    if (drawing === undefined) return;
    const at = cellAt(drawing, event, columns, rows);
    if (at !== null) choose(at.column, at.row);
  };
  figure.addEventListener("pointermove", point);
  figure.addEventListener("pointerdown", point);
  return (next) => {
    drawing = next;
    return next;
  };
}

export type Drawing = (SVGSVGElement | HTMLElement) & Plot.Plot;

const moves: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function cellAt(drawing: Drawing, event: PointerEvent, columns: number, rows: number) {
  const box = drawing.getBoundingClientRect();
  const [x, y] = [drawing.scale("x"), drawing.scale("y")];
  if (x?.invert === undefined || y?.invert === undefined || box.width === 0) return null;
  const zoom = Number(drawing.getAttribute("width")) / box.width;
  const column = Math.floor(x.invert((event.clientX - box.left) * zoom));
  const row = Math.floor(y.invert((event.clientY - box.top) * zoom));
  return column < 0 || row < 0 || column >= columns || row >= rows ? null : { column, row };
}

function outline(drawing: Drawing, column: number, row: number): void {
  const [x, y] = [drawing.scale("x"), drawing.scale("y")];
  if (x === undefined || y === undefined) return;
  const held = drawing.querySelector("[data-outline]");
  const box = held ?? document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const [left, right] = [x.apply(column), x.apply(column + 1)];
  const [top, bottom] = [y.apply(row), y.apply(row + 1)];
  const attributes = {
    "data-outline": "",
    x: left,
    y: top,
    width: right - left,
    height: bottom - top,
    fill: "none",
    stroke: "var(--ink)",
    "stroke-width": 2,
    "pointer-events": "none",
  };
  for (const [name, value] of Object.entries(attributes)) box.setAttribute(name, String(value));
  if (held === null) drawing.append(box);
}
