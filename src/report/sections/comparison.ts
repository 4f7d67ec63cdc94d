import { type ComparedRun, compareRuns } from "../comparison.ts";
import type { RunData } from "../data.ts";
import {
  formatBytes,
  formatCount,
  formatDollars,
  formatNumber,
  formatPercent,
  formatSeconds,
} from "../format.ts";
import { type Html, html } from "../html.ts";
import { runKey } from "../run-style.ts";

/** The compared runs as a table, one row each; `hrefOf` says where a run has a page of its own. */
export function comparisonSection(
  runs: readonly RunData[],
  hrefOf?: (run: RunData) => string,
): Html {
  const comparison = compareRuns(runs);
  const metric = runs.find(({ figures }) => figures.metric !== null)?.figures.metric;
  const metricName =
    metric === null || metric === undefined ? "Metric" : `${capital(metric.of)} ${metric.name}`;
  const faster =
    comparison.baseline === null ? html`` : html`<th scope="col">Speed-up over all</th>`;
  return html`<section aria-labelledby="runs-title"><h2 id="runs-title">The runs</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Table of the compared runs">
<table class="wide"><thead><tr><th scope="col">Run</th>
<th scope="col">Time</th>${faster}<th scope="col">Objective</th><th scope="col">Above best</th>
<th scope="col">Time to 1 % of best</th><th scope="col">${metricName}</th>
<th scope="col">Rounds</th>
<th scope="col">Cost</th><th scope="col">To workers, back</th>
<th scope="col">Erasures</th></tr></thead>
<tbody>${comparison.runs.map((run, index) => {
    const name = hrefOf === undefined ? run.run.label : link(run.run, hrefOf(run.run));
    return row(run, { index, name }, comparison.baseline !== null);
  })}</tbody>
</table></div></section>`;
}

function link({ label }: RunData, href: string): Html {
  return html`<a href="${href}">${label}</a>`;
}

function row(
  { run, gap, nearBestSeconds, speedup }: ComparedRun,
  { index, name }: { readonly index: number; readonly name: Html | string },
  faster: boolean,
): Html {
  const { figures } = run;
  return html`<tr><th scope="row">${runKey(index)}${name}
<small class="under">${waitedFor(run)}</small></th>
<td>${formatSeconds(figures.seconds)}</td>
${faster ? html`<td>${speedup === null ? "–" : `${speedup.toFixed(2)}×`}</td>` : html``}
<td>${formatNumber(figures.objective)}</td><td>${gap === null ? "–" : formatPercent(gap)}</td>
<td>${nearBestSeconds === null ? "never" : formatSeconds(nearBestSeconds)}</td>
<td>${formatNumber(figures.metric?.value ?? null)}</td><td>${formatCount(figures.rounds)}</td>
<td>${formatDollars(figures.dollars)}</td><td>${formatBytes(figures.bytesDown)},
${formatBytes(figures.bytesUp)}</td><td>${formatCount(figures.erasures)}</td></tr>`;
}

function waitedFor({ facts }: RunData): string {
  return facts === null ? "" : `waited for ${facts.wait}; ${facts.encoding}`;
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
