/// <reference lib="dom" />
import * as Plot from "@observablehq/plot";
import type { CoefficientCurves, RunData } from "../data.ts";
import { formatNumber } from "../format.ts";
import { runColour, runDash } from "../run-style.ts";
import { figures, mount, plotFrame } from "./frame.ts";

/** A line for each coefficient over rounds. */
export function drawCoefficients(runs: readonly RunData[]): void {
  for (const figure of figures("coefficients")) {
    const learned = runs[Number(figure.dataset.run)]?.coefficients;
    if (learned !== null && learned !== undefined) mount(figure, (width) => plot(learned, width));
  }
}

function plot({ names, points }: CoefficientCurves, width: number) {
  const shown = names.map((name, k) =>
    points.flatMap(({ round, values }) => {
      const y = values[k]!;
      const title = `${name} ${y === null ? "" : formatNumber(y)} after round ${round}`;
      return y === null ? [] : [{ round, y, title }];
    }),
  );
  const all = shown.flat();
  return Plot.plot({
    ...plotFrame(width, 240),
    x: { label: "round", ticks: Math.max(3, width / 90) },
    y: { label: null, grid: true, ticks: 5 },
    marks: [
      ...shown.map((line, k) =>
        Plot.lineY(line, {
          x: "round",
          y: "y",
          stroke: runColour(k),
          strokeDasharray: runDash(k),
          strokeWidth: 2,
        }),
      ),
      Plot.tip(all, Plot.pointer({ x: "round", y: "y", title: "title", maxRadius: 60 })),
    ],
  });
}
