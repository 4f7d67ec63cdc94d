/// <reference lib="dom" />
import { type Cell, cellFates, type Heatmap, type RunData } from "../data.ts";
import { figures, mount } from "../page/frame.ts";
import { cellWords, niceStep, pictureSummary, troubleShare, worstFate } from "../page/heatmap.ts";

const margin = { left: 44, right: 10, top: 8, bottom: 36 } as const;
const cellWidthMax = 44;

/** The picture of one figure: painted on a canvas, since a live page paints it again and again. */
interface Painted {
  picture: Heatmap;
  byPlace: ReadonlyMap<string, Cell>;
  /** What people look at; null for all of it. */
  chosen: { readonly column: number; readonly slot: number } | null;
  readonly canvas: HTMLCanvasElement;
  readonly readout: Element;
}

const painted = new WeakMap<HTMLElement, Painted>();

/** Slots against rounds, those under way included, for every run. */
export function drawLiveHeatmaps(runs: readonly RunData[]): void {
  for (const figure of figures("picture")) {
    const index = figure.dataset.run;
    const picture = runs[Number(index)]?.picture;
    const readout = document.querySelector(`[data-readout="${index}"]`);
    if (picture === undefined || readout === null) continue;
    const byPlace = new Map(picture.cells.map((cell) => [placeOf(cell), cell]));
    const own = painted.get(figure) ?? opened(figure, picture, readout);
    Object.assign(own, { picture, byPlace });
    tellChosen(own);
    mount(figure, (width) => paint(own, width));
  }
}

function opened(figure: HTMLElement, picture: Heatmap, readout: Element): Painted {
  const canvas = document.createElement("canvas");
  const own: Painted = { picture, byPlace: new Map(), chosen: null, canvas, readout };
  painted.set(figure, own);
  figure.tabIndex = 0;
  figure.setAttribute("role", "group");
  figure.setAttribute("aria-label", `${figure.dataset.label ?? ""}; arrow keys move`);
  const choose = (column: number, slot: number) => {
    const { columns, slots } = own.picture;
    own.chosen = { column: within(column, columns.length), slot: within(slot, slots) };
    tellChosen(own);
    mount(figure, (width) => paint(own, width));
  };
  figure.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    choose((own.chosen?.column ?? 0) + move[0], (own.chosen?.slot ?? 0) + move[1]);
  });
  const point = (event: PointerEvent) => {
    const box = canvas.getBoundingClientRect();
    const { cellWidth, rowHeight } = shapeOf(own.picture, box.width);
    const column = Math.floor((event.clientX - box.left - margin.left) / cellWidth);
    const slot = Math.floor((event.clientY - box.top - margin.top) / rowHeight);
    const { columns, slots } = own.picture;
    if (column >= 0 && slot >= 0 && column < columns.length && slot < slots) choose(column, slot);
  };
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerdown", point);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    mount(figure, (width) => paint(own, width)),
  );
  return own;
}

const moves: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function within(at: number, count: number): number {
  return Math.max(0, Math.min(count - 1, at));
}

function placeOf({ column, slot }: { readonly column: number; readonly slot: number }): string {
  return `${column} ${slot}`;
}

function tellChosen({ picture, chosen, byPlace, readout }: Painted): void {
  readout.textContent =
    chosen === null
      ? pictureSummary(picture)
      : cellWords(picture, chosen.column, chosen.slot, byPlace.get(placeOf(chosen)));
}

interface Shape {
  readonly width: number;
  readonly height: number;
  readonly cellWidth: number;
  readonly rowHeight: number;
}

function shapeOf({ columns, slots }: Heatmap, available: number): Shape {
  const count = Math.max(1, columns.length);
  const sides = margin.left + margin.right;
  const cellWidth = Math.min(cellWidthMax, (available - sides) / count);
  const rowHeight = Math.max(3, Math.min(22, 640 / slots, Math.max(12, cellWidth * 1.5)));
  const height = Math.round(margin.top + rowHeight * slots + margin.bottom);
  return { width: available, height, cellWidth, rowHeight };
}

function paint({ picture, chosen, canvas }: Painted, available: number): HTMLCanvasElement {
  const shape = shapeOf(picture, available);
  const density = window.devicePixelRatio;
  canvas.width = Math.round(shape.width * density);
  canvas.height = Math.round(shape.height * density);
  canvas.style.width = `${shape.width}px`;
  canvas.style.height = `${shape.height}px`;
  canvas.dataset.cells = String(picture.cells.length);
  const pen = canvas.getContext("2d");
  if (pen === null) return canvas;
  pen.scale(density, density);
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`);
  paintCells(pen, picture, shape, colour);
  paintAxes(pen, picture, shape, colour("soft"));
  if (chosen === null) return canvas;
  const [x, y] = cornerOf({ ...chosen }, shape);
  pen.strokeStyle = colour("ink");
  pen.lineWidth = 2;
  pen.strokeRect(x, y, shape.cellWidth, shape.rowHeight);
  return canvas;
}

function cornerOf({ column, slot }: { column: number; slot: number }, shape: Shape) {
  return [margin.left + column * shape.cellWidth, margin.top + slot * shape.rowHeight] as const;
}

function paintCells(
  pen: CanvasRenderingContext2D,
  { cells, roundsPerColumn }: Heatmap,
  shape: Shape,
  colour: (name: string) => string,
): void {
  const { cellWidth, rowHeight } = shape;
  const gap = Math.min(cellWidth, rowHeight) > 6 ? 1.5 : Math.min(cellWidth, rowHeight) / 6;
  const fills = Object.fromEntries(cellFates.map((fate) => [fate, colour(`fate-${fate}`)]));
  for (const cell of cells) {
    const [x, y] = cornerOf(cell, shape);
    const fate = worstFate(cell);
    const isShare = roundsPerColumn > 1;
    if (isShare || fate !== "lost") {
      pen.globalAlpha = isShare ? 0.04 + 0.96 * troubleShare(cell) : 1;
      pen.fillStyle = fills[isShare ? "late" : fate]!;
      pen.fillRect(x + gap / 2, y + gap / 2, cellWidth - gap, rowHeight - gap);
      pen.globalAlpha = 1;
    }
    if (cell.fates[4]! === 0) continue;
    const reach = Math.max(1.5, Math.min(4.5, Math.min(cellWidth, rowHeight) / 2.6));
    const [cx, cy] = [x + cellWidth / 2, y + rowHeight / 2];
    pen.strokeStyle = fills.lost!;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(cx - reach, cy - reach);
    pen.lineTo(cx + reach, cy + reach);
    pen.moveTo(cx + reach, cy - reach);
    pen.lineTo(cx - reach, cy + reach);
    pen.stroke();
  }
}

function paintAxes(
  pen: CanvasRenderingContext2D,
  { columns, slots }: Heatmap,
  shape: Shape,
  ink: string,
): void {
  const { cellWidth, rowHeight, height, width } = shape;
  pen.fillStyle = ink;
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  const slotStep = rowHeight >= 13 ? 1 : niceStep(16 / rowHeight);
  for (let slot = 0; slot < slots; slot += slotStep)
    pen.fillText(String(slot), margin.left - 6, margin.top + (slot + 0.5) * rowHeight);
  const columnStep = niceStep(columns.length / Math.max(2, width / 70));
  pen.textAlign = "center";
  for (let column = 0; column < columns.length; column += columnStep) {
    const x = margin.left + (column + 0.5) * cellWidth;
    pen.fillText(String(columns[column]), x, height - margin.bottom + 12);
  }
  pen.textAlign = "left";
  pen.fillText("round", margin.left, height - 6);
  pen.save();
  pen.translate(8, margin.top + Math.max(40, (rowHeight * slots) / 2));
  pen.rotate(-Math.PI / 2);
  pen.fillText("slot", 0, 0);
  pen.restore();
}
