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

/** What a figure shows now; the runs change while a live page follows them. */
interface ProgressFigure {
  runs: readonly RunData[];
  readonly view: View;
  /** A person chose the scale. */
  isScaleChosen: boolean;
  /** The measures that the switches offer. */
  measures: string;
}

interface View {
  measure: Measure;
  along: Along;
  scale: Scale;
}

const drawn = new WeakMap<HTMLElement, ProgressFigure>();

/** Objective, metric or gap over seconds or rounds, with switches. */
export function drawProgress(runs: readonly RunData[]): void {
  const figure = figures("progress")[0];
  const controls = document.querySelector('[data-controls="progress"]');
  if (figure === undefined || controls === null) return;
  // Compared runs differ most where their objectives are nearly the same.
  const first = runs.length > 1 && bestObjective(runs) !== null ? "gap" : "objective";
  const view: View = { measure: first, along: "seconds", scale: "linear" };
  const progress = drawn.get(figure) ?? { runs, view, isScaleChosen: false, measures: "none" };
  drawn.set(figure, progress);
  progress.runs = runs;
  const draw = (width: number) => plot(progress.runs, progress.view, width);
  const measures = measuresOf(runs);
  if (!measures.some(({ value }) => value === progress.view.measure)) progress.view.measure = first;
  if (!progress.isScaleChosen) progress.view.scale = helpfulScale(shownOf(runs, progress.view));
  const offered = measures.map(({ label }) => label).join();
  if (offered !== progress.measures) fillControls(controls, measures, progress, figure, draw);
  check(controls, "scale", progress.view.scale);
  progress.measures = offered;
  mount(figure, draw);
}

function fillControls(
  controls: Element,
  measures: readonly Option<Measure>[],
  progress: ProgressFigure,
  figure: HTMLElement,
  draw: (width: number) => SVGElement | HTMLElement,
): void {
  const { view } = progress;
  const changed = <Key extends keyof View>(key: Key) => {
    return (value: View[Key]) => {
      view[key] = value;
      progress.isScaleChosen = key === "scale";
      if (key === "measure") {
        view.scale = helpfulScale(shownOf(progress.runs, view));
        check(controls, "scale", view.scale);
      }
      mount(figure, draw);
    };
  };
  const what = choice("measure", "What", measures, view.measure, changed("measure"));
  controls.replaceChildren(
    ...(measures.length > 1 ? [what] : []),
    choice("along", "Along", alongs, view.along, changed("along")),
    choice("scale", "Scale", scales, view.scale, changed("scale")),
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
/** Room for the longest of its numbers. */
const gapMargin = 76;

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
  const placed =
    scale === "log" ? shown.map((one) => (one.y > 0 ? one : { ...one, y: Number.NaN })) : shown;
  const finite = placed.filter(({ y }) => Number.isFinite(y));
  const xs = new Set(shown.map(({ x }) => x));
  const named = runs.find(({ figures }) => figures.metric !== null);
  const label =
    measure === "gap"
      ? "relative gap to the best objective seen"
      : measure === "metric" && named !== undefined
        ? metricName(named)
        : "objective";
  const marks = runs.flatMap((_, index) => {
    const own = placed.filter(({ run }) => run === index);
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
  const frame = plotFrame(width, Math.min(380, Math.max(240, width * 0.5)));
  return Plot.plot({
    ...frame,
    marginLeft: measure === "gap" ? gapMargin : frame.marginLeft,
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
