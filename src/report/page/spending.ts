/// <reference lib="dom" />
import * as Plot from "@observablehq/plot";
import type { RunData, SpendingPoint } from "../data.ts";
import { formatBytes, formatDollars } from "../format.ts";
import { runColour, runDash } from "../run-style.ts";
import { figures, mount, plotFrame } from "./frame.ts";

/** Dollars and bytes up to each round. */
export function drawSpending(runs: readonly RunData[]): void {
  for (const figure of figures("dollars")) mount(figure, (width) => dollars(runs, width));
  for (const figure of figures("bytes")) mount(figure, (width) => bytes(runs, width));
}

function dollars(runs: readonly RunData[], width: number) {
  const total = ({ usedUsd, unusedUsd }: SpendingPoint) => usedUsd + unusedUsd;
  const one = runs.length === 1 ? runs[0]!.spending : [];
  const areas = [
    Plot.areaY(one, { x: "round", y: "usedUsd", fill: "var(--fate-slow)", fillOpacity: 0.85 }),
    Plot.areaY(one, { x: "round", y1: "usedUsd", y2: total, fill: "var(--fate-late)" }),
  ];
  const lines = runs.map(({ spending }, run) =>
    Plot.lineY(spending, {
      x: "round",
      y: total,
      stroke: runColour(run),
      strokeWidth: 2,
      strokeDasharray: runDash(run),
    }),
  );
  return Plot.plot({
    ...spendingFrame(width),
    y: {
      label: null,
      grid: true,
      ticks: 5,
      tickFormat: (usd: number) => formatDollars(usd),
      zero: true,
    },
    marks: runs.length === 1 ? areas : lines,
  });
}

function bytes(runs: readonly RunData[], width: number) {
  const marks = runs.flatMap(({ spending }, run) => [
    Plot.lineY(spending, { x: "round", y: "bytesUp", stroke: runColour(run), strokeWidth: 3 }),
    Plot.lineY(spending, {
      x: "round",
      y: "bytesDown",
      stroke: runColour(run),
      strokeWidth: 1.2,
    }),
  ]);
  return Plot.plot({
    ...spendingFrame(width),
    y: {
      label: null,
      grid: true,
      ticks: 5,
      tickFormat: (count: number) => formatBytes(count),
      zero: true,
    },
    marks,
  });
}

function spendingFrame(width: number) {
  return {
    ...plotFrame(width, 220),
    marginLeft: 72,
    x: { label: "round", ticks: Math.max(3, width / 90) },
  };
}
