/// <reference lib="dom" />
import * as Plot from "@observablehq/plot";
import { bestObjective, relativeGap } from "../comparison.ts";
import type { RunData } from "../data.ts";
import { formatNumber, formatPercent, formatSeconds, plural } from "../format.ts";
import { runColour, runDash } from "../run-style.ts";
import { check, choice, figures, mount, type Option, plotFrame } from "./frame.ts";

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
  const controls = document.querySelector('[data-controls="progress"]');
  if (figure === undefined || controls === null) return;
  // Compared runs differ most where their objectives are nearly the same.
  const first = runs.length > 1 && bestObjective(runs) !== null ? "gap" : "objective";
  const view: View = { measure: first, along: "seconds", scale: "linear" };
  view.scale = helpfulScale(shownOf(runs, view));
  const redraw = mount(figure, (width) => plot(runs, view, width));
  const changed = <Key extends keyof View>(key: Key) => {
    return (value: View[Key]) => {
      view[key] = value;
      if (key === "measure") {
        view.scale = helpfulScale(shownOf(runs, view));
        check(controls, "scale", view.scale);
      }
      redraw();
    };
  };
  const measures = measuresOf(runs);
  if (measures.length > 1)
    controls.append(choice("measure", "What", measures, view.measure, changed("measure")));
  controls.append(
    choice("along", "Along", alongs, view.along, changed("along")),
    choice("scale", "Scale", scales, view.scale, changed("scale")),
  );
}

interface View {
  measure: Measure;
  along: Along;
  scale: Scale;
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
    ...(bestObjective(runs) === null ? [] : [{ value: "gap" as const, label: "gap to best" }]),
  ];
}

function metricName({ figures: { metric } }: RunData): string {
  return metric === null
    ? "metric"
    : `${metric.of === "test" ? "test" : "training"} ${metric.name}`;
}

function shownOf(runs: readonly RunData[], { measure, along }: View): Shown[] {
  const best = bestObjective(runs);
  return runs.flatMap(({ curve, label }, run) =>
    curve.points.map((point) => {
      const y = measure === "gap" ? gapOf(point.objective, best) : point[measure];
      const value = measure === "gap" && y !== null ? gapWords(y) : formatNumber(y);
      const name = runs.length > 1 ? `${label}\n` : "";
      const where = `${plural(point.round, "round")}, ${formatSeconds(point.seconds)}`;
      return { x: point[along], y: y ?? Number.NaN, run, title: `${name}${where}\n${value}` };
    }),
  );
}

/** Below this, single-precision weights tell nothing apart; on a log scale zero needs a place. */
const gapMin = 1e-6;

function gapOf(objective: number | null, best: number | null): number | null {
  const gap = relativeGap(objective, best);
  return gap === null ? null : Math.max(gap, gapMin);
}

function gapWords(gap: number): string {
  if (gap < 1.5 * gapMin) return "≤ 0.0001 %";
  return gap < 1e-4 ? `${formatNumber(gap * 100, 2)} %` : formatPercent(gap);
}

/** Logarithmic where nothing is negative and values span more than a factor of 30. */
function helpfulScale(shown: readonly Shown[]): Scale {
  const values = shown.map(({ y }) => y).filter((y) => Number.isFinite(y) && y !== 0);
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return least > 0 && most / least > 30 ? "log" : "linear";
}

/** Powers of ten where there are several of them; else as many ticks as fit. */
function decades(shown: readonly Shown[]): number[] | number {
  const powers = shown.map(({ y }) => Math.log10(y));
  const from = Math.ceil(powers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
  const to = Math.floor(powers.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
  if (!(to - from >= 2)) return 6;
  const step = Math.ceil((to - from) / 8);
  const count = Math.floor((to - from) / step) + 1;
  return Array.from({ length: count }, (_, index) => 10 ** (from + index * step));
}

function plot(runs: readonly RunData[], view: View, width: number) {
  const { measure, along, scale } = view;
  const shown = shownOf(runs, view);
  const drawn =
    scale === "log" ? shown.map((one) => (one.y > 0 ? one : { ...one, y: Number.NaN })) : shown;
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
  const percent = measure === "gap" ? { tickFormat: gapWords } : {};
  return Plot.plot({
    ...plotFrame(width, Math.min(380, Math.max(240, width * 0.5))),
    x: {
      label: along === "seconds" ? "seconds" : "rounds done",
      ticks: Math.max(3, width / 110),
      zero: along === "seconds",
      ...(xs.size > 1 ? {} : { domain: [0, 2 * ([...xs][0] || 1)] }),
    },
    y: {
      type: finite.length === 0 ? "linear" : scale,
      label,
      grid: true,
      ticks: scale === "log" ? decades(finite) : 6,
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
