/// <reference lib="dom" />
import * as Plot from "@observablehq/plot";
import type { RunData } from "../data.ts";
import { formatMs, formatPercent } from "../format.ts";
import { runColour, runDash } from "../run-style.ts";
import { figures, mount, plotFrame } from "./frame.ts";

interface Step {
  readonly ms: number;
  readonly share: number;
  readonly run: number;
  readonly title: string;
}

/** How many of the replies had come after so many milliseconds. */
export function drawReplyTimes(runs: readonly RunData[]): void {
  const figure = figures("times")[0];
  if (figure === undefined) return;
  const steps = runs.map(({ label, pace }, run) =>
    stepsOf(pace.quantilesMs, run, label, runs.length),
  );
  const all = steps.flat();
  const least = all.reduce((a, { ms }) => Math.min(a, ms), Number.POSITIVE_INFINITY);
  const most = all.reduce((a, { ms }) => Math.max(a, ms), 0);
  const log = least > 0 && most / least > 40;
  mount(figure, (width) =>
    Plot.plot({
      ...plotFrame(width, Math.min(320, Math.max(220, width * 0.4))),
      marginTop: 40,
      x: {
        type: log ? "log" : "linear",
        label: "milliseconds from the task's start to its reply",
        labelAnchor: "center",
        ticks: Math.max(3, width / 120),
        tickFormat: (ms: number) => ms.toLocaleString("en-US"),
        ...(log ? {} : { domain: [0, most * 1.02] }),
      },
      y: {
        domain: [0, 1],
        label: "share of replies",
        grid: true,
        percent: false,
        ticks: 5,
        tickFormat: (share: number) => `${Math.round(share * 100)} %`,
      },
      marks: [
        ...runs.flatMap(({ pace: { quorumMs } }, run) => {
          const share = shareAlong(quorumMs ?? 0, { least, most, log });
          return quorumMarks(quorumMs, { run, runs: runs.length, share, width });
        }),
        ...steps.map((own, run) =>
          Plot.lineY(own, {
            x: "ms",
            y: "share",
            stroke: runColour(run),
            strokeWidth: 2,
            strokeDasharray: runDash(run),
          }),
        ),
        Plot.tip(all, Plot.pointer({ x: "ms", y: "share", title: "title", maxRadius: 60 })),
      ],
    }),
  );
}

function stepsOf(quantilesMs: readonly number[], run: number, label: string, runs: number): Step[] {
  return quantilesMs.map((ms, index) => {
    const share = index / (quantilesMs.length - 1);
    const name = runs > 1 ? `${label}\n` : "";
    return { ms, share, run, title: `${name}${formatPercent(share)} within ${formatMs(ms)}` };
  });
}

/** Where on the axis a time stands: 0 is its left end, 1 its right one. */
function shareAlong(
  ms: number,
  { least, most, log }: { readonly least: number; readonly most: number; readonly log: boolean },
): number {
  return log ? Math.log(ms / least) / Math.log(most / least) : ms / (most * 1.02);
}

/** Of the words beside the rule, in pixels a letter. */
const letterWidth = 7;

interface QuorumPlace {
  readonly run: number;
  readonly runs: number;
  readonly share: number;
  readonly width: number;
}

function quorumMarks(quorumMs: number | null, { run, runs, share, width }: QuorumPlace) {
  if (quorumMs === null) return [];
  const rule = Plot.ruleX([quorumMs], {
    stroke: runColour(run),
    strokeDasharray: "4 4",
    strokeWidth: 1.5,
  });
  if (runs > 1) return [rule];
  const { marginLeft, marginRight } = plotFrame(width, 0);
  const x = marginLeft + share * (width - marginLeft - marginRight);
  // To the side where there is more room; what the line is, the text above says as well.
  const isLeft = x > width / 2;
  const fits = (words: string) => letterWidth * words.length < (isLeft ? x : width - x);
  const whole = `typically enough after ${formatMs(quorumMs)}`;
  const words = fits(whole) ? whole : formatMs(quorumMs);
  const text = Plot.text([words], {
    x: () => quorumMs,
    frameAnchor: "top",
    textAnchor: isLeft ? "end" : "start",
    dy: -16,
    fill: runColour(run),
    fontWeight: 600,
  });
  return [rule, text];
}
