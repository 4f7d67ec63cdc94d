import type { CurvePoint, RunData } from "../data.ts";
import { formatCount, formatNumber, formatSeconds } from "../format.ts";
import { type Html, html } from "../html.ts";
import { legend } from "../run-style.ts";

const tableRows = 12;

/** Objective and metric over seconds and rounds. */
export function progressSection(runs: readonly RunData[]): Html {
  if (runs.every(({ curve }) => curve.points.length === 0))
    return html`<section><h2>Progress</h2><p class="note">No round has ended yet.</p></section>`;
  return html`<section aria-labelledby="progress-title"><h2 id="progress-title">Progress</h2>
<p>${introduction(runs)}</p>
<div class="controls" data-controls="progress"></div>
${legend(runs)}
<figure data-plot="progress"
data-label="Line plot: objective and metric as training went on"></figure>
${thinned(runs)}
<details><summary>Progress as a table</summary>
${runs.map((run) => table(run, runs.length > 1))}</details>
</section>`;
}

function introduction(runs: readonly RunData[]): string {
  const estimated = runs.some(({ curve }) => curve.source === "estimated");
  const objective = estimated
    ? "The objective here is estimated each round from the replies that counted."
    : "The objective is the original problem's, on all training rows: lower is better.";
  return runs.length > 1
    ? `${objective} Over seconds it shows what waiting costs; over rounds, what leaving replies ` +
        "out does to each step."
    : objective;
}

function thinned(runs: readonly RunData[]): Html {
  const run = runs.find(({ curve }) => curve.points.length < curve.pointsTotal);
  if (run === undefined) return html``;
  const { points, pointsTotal } = run.curve;
  return html`<p class="note">Drawn are ${formatCount(points.length)} of ${formatCount(pointsTotal)}
points, with the first, the last and every extreme.</p>`;
}

function table({ curve, figures, label }: RunData, named: boolean): Html {
  const { metric } = figures;
  return html`<table>${named ? html`<caption>${label}</caption>` : html``}
<thead><tr><th scope="col">Round</th><th scope="col">Time</th><th scope="col">Objective</th>
<th scope="col">${metric === null ? "Metric" : `${metric.of} ${metric.name}`}</th></tr></thead>
<tbody>${sampled(curve.points).map(
    (point) => html`<tr><th scope="row">${point.round}</th><td>${formatSeconds(point.seconds)}</td>
<td>${formatNumber(point.objective)}</td><td>${formatNumber(point.metric)}</td></tr>`,
  )}</tbody></table>`;
}

function sampled(points: readonly CurvePoint[]): CurvePoint[] {
  if (points.length <= tableRows) return [...points];
  const step = (points.length - 1) / (tableRows - 1);
  return Array.from({ length: tableRows }, (_, index) => points[Math.round(index * step)]!);
}
