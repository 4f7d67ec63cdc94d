/// <reference lib="dom" />
import * as Plot from "@observablehq/plot";
import { type Cell, type CellFate, cellFates, type Heatmap, type RunData } from "../data.ts";
import { formatMs } from "../format.ts";
import { makeExplorable } from "./explore.ts";
import { figures, mount, plotFrame } from "./frame.ts";

const fateWords: Readonly<Record<CellFate, string>> = {
  counted: "counted",
  slow: "counted, but slow",
  spare: "not needed",
  late: "late, not waited for",
  lost: "lost",
};

/** Slots against rounds for every run that has finished rounds. */
export function drawHeatmaps(runs: readonly RunData[]): void {
  for (const figure of figures("picture")) {
    const index = Number(figure.dataset.run);
    const picture = runs[index]?.picture;
    const readout = document.querySelector(`[data-readout="${index}"]`);
    if (picture === undefined || readout === null) continue;
    const byPlace = new Map(picture.cells.map((cell) => [placeOf(cell.column, cell.slot), cell]));
    const explore = makeExplorable(
      figure,
      picture.columns.length,
      picture.slots,
      (column, slot) => {
        readout.textContent = cellWords(picture, column, slot, byPlace.get(placeOf(column, slot)));
      },
    );
    readout.textContent = pictureSummary(picture);
    mount(figure, (width) => explore(plot(picture, width)));
  }
}

function placeOf(column: number, slot: number): number {
  return column * 65_536 + slot;
}

const cellWidthMax = 44;

function plot(picture: Heatmap, available: number) {
  const { columns, slots } = picture;
  const frame = plotFrame(Math.min(available, 72 + columns.length * cellWidthMax), 0);
  const { width } = frame;
  const cellWidth = (width - frame.marginLeft - frame.marginRight) / columns.length;
  const rowHeight = Math.max(3, Math.min(22, 640 / slots, Math.max(12, cellWidth * 1.5)));
  const inset = Math.min(cellWidth, rowHeight) > 6 ? 0.75 : Math.min(cellWidth, rowHeight) / 12;
  const shape = { x1: leftEdge, x2: right, y1: top, y2: bottom, inset, rx: inset > 0.7 ? 1.5 : 0 };
  const lost = picture.cells.filter(({ fates }) => fates[4]! > 0);
  return Plot.plot({
    ...frame,
    height: Math.round(rowHeight * slots + frame.marginBottom + 14),
    marginTop: 14,
    x: {
      domain: [0, columns.length],
      label: "round",
      labelAnchor: "center",
      ticks: columnTicks(picture, width).map((column) => column + 0.5),
      tickFormat: (at: number) => String(columns[Math.floor(at)] ?? ""),
      tickSize: 4,
    },
    y: {
      domain: [slots, 0],
      label: "slot",
      labelAnchor: "center",
      ticks: slotTicks(slots, rowHeight).map((slot) => slot + 0.5),
      tickFormat: (at: number) => String(Math.floor(at)),
      tickSize: 0,
    },
    marks: [
      ...(picture.roundsPerColumn === 1
        ? fateMarks(picture.cells, shape)
        : [shareMark(picture.cells, shape)]),
      Plot.dot(lost, {
        x: ({ column }: Cell) => column + 0.5,
        y: ({ slot }: Cell) => slot + 0.5,
        symbol: "times",
        stroke: "var(--fate-lost)",
        strokeWidth: 2,
        r: Math.max(1.5, Math.min(4.5, Math.min(cellWidth, rowHeight) / 2.6)),
      }),
    ],
  });
}

type Shape = Plot.RectOptions;

function fateMarks(cells: readonly Cell[], shape: Shape) {
  return cellFates
    .filter((fate) => fate !== "lost")
    .map((fate) =>
      Plot.rect(
        cells.filter((cell) => worstFate(cell) === fate),
        { ...shape, fill: `var(--fate-${fate})` },
      ),
    );
}

function shareMark(cells: readonly Cell[], shape: Shape) {
  return Plot.rect(cells, {
    ...shape,
    fill: "var(--fate-late)",
    fillOpacity: (cell: Cell) => 0.04 + 0.96 * troubleShare(cell),
  });
}

const leftEdge = ({ column }: Cell) => column;
const right = ({ column }: Cell) => column + 1;
const top = ({ slot }: Cell) => slot;
const bottom = ({ slot }: Cell) => slot + 1;

/** The worst that happened. */
export function worstFate({ fates }: Cell): CellFate {
  return cellFates[fates.findLastIndex((count) => count > 0)] ?? "lost";
}

export function troubleShare({ fates }: Cell): number {
  const tasks = fates.reduce((sum, count) => sum + count, 0);
  return tasks === 0 ? 0 : (fates[3]! + fates[4]!) / tasks;
}

/** Columns to number: round numbers that are multiples of a nice step, where each is one round. */
function columnTicks({ columns, roundsPerColumn }: Heatmap, width: number): number[] {
  const step = niceStep(columns.length / Math.max(2, width / 70));
  const isTick = (round: number, column: number) =>
    column === 0 || (roundsPerColumn > 1 ? column % step === 0 : round % step === 0);
  const ticks = columns.flatMap((round, column) => (isTick(round, column) ? [column] : []));
  return ticks.filter((column) => column === 0 || column * 3 >= step);
}

function slotTicks(slots: number, rowHeight: number): number[] {
  const step = rowHeight >= 13 ? 1 : niceStep(16 / rowHeight);
  return Array.from({ length: Math.ceil(slots / step) }, (_, index) => index * step);
}

/** The next of 1, 2, 5, 10, 20, … */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? power;
}

/** What came of a slot in the rounds of a column, in words. */
export function cellWords(
  picture: Heatmap,
  column: number,
  slot: number,
  cell: Cell | undefined,
): string {
  const first = picture.columns[column] ?? 0;
  const last = (picture.columns[column + 1] ?? picture.lastRound + 1) - 1;
  const rounds = last > first ? `rounds ${first} to ${last}` : `round ${first}`;
  const where = `Slot ${slot}, ${rounds}: `;
  if (cell === undefined) return `${where}no reply was recorded.`;
  const several = cell.fates.reduce((sum, count) => sum + count, 0) > 1;
  const fates = cellFates
    .map((fate, index) => ({ fate, count: cell.fates[index]! }))
    .filter(({ count }) => count > 0)
    .map(({ fate, count }) => (several ? `${count} × ${fateWords[fate]}` : fateWords[fate]));
  const time = several ? `slowest after ${formatMs(cell.ms)}` : `after ${formatMs(cell.ms)}`;
  const reason = cell.reason === undefined ? "" : `. ${cell.reason}`;
  const task = cell.task === undefined ? "" : ` · task ${cell.task}`;
  return `${where}${fates.join(", ")}, ${time}${reason}${task}`;
}

/** How many replies came to what. */
export function pictureSummary({ cells }: Heatmap): string {
  const totals = cellFates.map((_, index) => cells.reduce((sum, c) => sum + c.fates[index]!, 0));
  const parts = cellFates.map(
    (fate, index) => `${totals[index]!.toLocaleString("en-US")} ${fateWords[fate]}`,
  );
  return `In all: ${parts.filter((part) => !part.startsWith("0 ")).join("; ")}.`;
}
