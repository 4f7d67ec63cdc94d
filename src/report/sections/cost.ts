import type { RunData } from "../data.ts";
import { type Html, html } from "../html.ts";
import { legend, lineKey, runColour } from "../run-style.ts";

/** Dollars and bytes as rounds went by. */
export function costSection(runs: readonly RunData[]): Html {
  if (runs.every(({ spending }) => spending.length < 2)) return html``;
  const one = runs.length === 1;
  return html`<section aria-labelledby="cost-title"><h2 id="cost-title">Dollars and bytes</h2>
<p>Totals up to each round, for the invocations of the workers.</p>${legend(runs)}
<div class="pair">
<div><h3>Dollars</h3>${one ? usedLegend() : html``}
<figure data-plot="dollars" data-label="Dollars spent up to each round"></figure></div>
<div><h3>Bytes</h3>${bytesLegend(one)}
<figure data-plot="bytes" data-label="Bytes sent and received up to each round"></figure></div>
</div></section>`;
}

function usedLegend(): Html {
  return html`<ul class="legend"><li><span class="cell-key fate-slow"></span>
replies that counted</li>
<li><span class="cell-key fate-late"></span>replies that did not</li></ul>`;
}

function bytesLegend(one: boolean): Html {
  const colour = one ? runColour(0) : "var(--soft)";
  return html`<ul class="legend"><li>${lineKey(colour, 3)}back from workers</li>
<li>${lineKey(colour, 1.2)}to workers</li></ul>`;
}
