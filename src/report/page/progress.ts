/// <reference lib="dom" />
import * as Plot from "@observablehq/plot";
import { bestObjective, relativeGap } from "../comparison.ts";
import type { RunData } from "../data.ts";
import { formatNumber, formatPercent, formatSeconds } from "../format.ts";
import { runColour, runDash } from "../run-style.ts";
import { choice, type Option } from "./choice.ts";
import { figures, mount, plotFrame } from "./frame.ts";

type Measure = "objective" | "metric" | "gap";
type Along = "seconds" | "round";
type Scale = "linear" | "log";

interface Shown {
  readonly x: number;
  readonly y: number;
  readonly run: number;
  readonly title: string;
}

/** Objective, metric or gap over seconds or rounds, with switches. */
export function drawProgress(runs: readonly RunData[]): void {
  const figure = figures("progress")[0];
  if (figure === undefined) return;
  let measure: Measure = "objective";
  let along: Along = "seconds";
  let scale: Scale = helpfulScale(shownOf(runs, measure, along));
  const redraw = mount(figure, (width) => {
    const shown = shownOf(runs, measure, along);
    return plot(shown, runs, { measure, along, scale, width });
  });
  const controls = document.querySelector('[data-controls="progress"]');
  const measures = measuresOf(runs);
  if (measures.length > 1)
    controls?.append(
      choice("measure", "What is drawn", measures, measure, (value) => {
        measure = value;
        redraw();
      }),
    );
  controls?.append(
    choice("along", "Along", alongs, along, (value) => {
      along = value;
      redraw();
    }),
    choice("scale", "Scale", scales, scale, (value) => {
      scale = value;
      redraw();
    }),
  );
}

const alongs: Option<Along>[] = [
  { value: "seconds", label: "over seconds" },
  { value: "round", label: "over rounds" },
];
const scales: Option<Scale>[] = [
  { value: "linear", label: "linear" },
  { value: "log", label: "log" },
];

function measuresOf(runs: readonly RunData[]): Option<Measure>[] {
  const metric = runs.find(({ curve }) => curve.points.some((point) => point.metric !== null));
  return [
    { value: "objective", label: "objective" },
    ...(metric === undefined ? [] : [{ value: "metric" as const, label: metricName(metric) }]),
    ...(runs.length > 1 ? [{ value: "gap" as const, label: "gap to best" }] : []),
  ];
}

function metricName({ figures: { metric } }: RunData): string {
  return metric === null
    ? "metric"
    : `${metric.of === "test" ? "test" : "training"} ${metric.name}`;
}

function shownOf(runs: readonly RunData[], measure: Measure, along: Along): Shown[] {
  const best = bestObjective(runs);
  return runs.flatMap(({ curve, label }, run) =>
    curve.points.map((point) => {
      const y = measure === "gap" ? relativeGap(point.objective, best) : point[measure];
      const value = measure === "gap" && y !== null ? formatPercent(y) : formatNumber(y);
      const name = runs.length > 1 ? `${label}\n` : "";
      const where = `round ${point.round}, ${formatSeconds(point.seconds)}`;
      return { x: point[along], y: y ?? Number.NaN, run, title: `${name}${where}\n${value}` };
    }),
  );
}

/** Logarithmic where values are positive and span more than a factor of 30. */
function helpfulScale(shown: readonly Shown[]): Scale {
  const values = shown.map(({ y }) => y).filter(Number.isFinite);
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return least > 0 && most / least > 30 ? "log" : "linear";
}

interface View {
  readonly measure: Measure;
  readonly along: Along;
  readonly scale: Scale;
  readonly width: number;
}

function plot(shown: readonly Shown[], runs: readonly RunData[], view: View) {
  const { measure, along, scale, width } = view;
  const drawn = scale === "log" ? shown.map((s) => (s.y > 0 ? s : { ...s, y: NaN })) : shown;
  const finite = drawn.filter(({ y }) => Number.isFinite(y));
  const xs = new Set(shown.map(({ x }) => x));
  const named = runs.find(({ figures }) => figures.metric !== null);
  const label =
    measure === "gap"
      ? "relative gap to the best objective seen"
      : measure === "metric" && named !== undefined
        ? metricName(named)
        : "objective";
  const marks = runs.flatMap((_, index) => {
    const own = drawn.filter(({ run }) => run === index);
    const few = own.filter(({ y }) => Number.isFinite(y)).length < 3;
    const line = Plot.lineY(own, {
      x: "x",
      y: "y",
      stroke: runColour(index),
      strokeWidth: 2,
      strokeDasharray: runDash(index),
    });
    const dots = Plot.dot(own, { x: "x", y: "y", fill: runColour(index), r: 4 });
    return few ? [line, dots] : [line];
  });
  const percent = measure === "gap" ? { tickFormat: (value: number) => formatPercent(value) } : {};
  return Plot.plot({
    ...plotFrame(width, Math.min(380, Math.max(240, width * 0.5))),
    x: {
      label: along === "seconds" ? "seconds" : "round",
      ticks: Math.max(3, width / 110),
      ...(xs.size > 1 ? {} : { domain: [0, 2 * ([...xs][0] || 1)] }),
    },
    y: {
      type: finite.length === 0 ? "linear" : scale,
      label,
      grid: true,
      ticks: 6,
      nice: scale === "linear",
      ...percent,
      ...(finite.length === 0 ? { domain: [0, 1] } : {}),
    },
    marks: [
      ...marks,
      Plot.tip(finite, Plot.pointer({ x: "x", y: "y", title: "title", maxRadius: 60 })),
      ...(finite.length === 0
        ? [Plot.text(["no finite value to draw"], { frameAnchor: "middle", fontSize: 14 })]
        : []),
    ],
  });
}
