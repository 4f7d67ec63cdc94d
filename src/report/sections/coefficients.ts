import type { CoefficientCurves, RunData } from "../data.ts";
import { formatNumber } from "../format.ts";
import { type Html, html } from "../html.ts";
import { lineKey, runColour, runDash } from "../run-style.ts";

/** What optimizers learned about themselves; nothing where none did. */
export function coefficientsSection(runs: readonly RunData[]): Html {
  const learned = runs.flatMap(({ label, coefficients }, index) =>
    coefficients === null ? [] : [{ label, coefficients, index }],
  );
  if (learned.length === 0) return html``;
  return html`<section aria-labelledby="coefficients-title">
<h2 id="coefficients-title">Learned coefficients</h2>
<p>What the optimizer has learned about itself by each round.</p>
${learned.map(({ label, coefficients, index }) => one(label, coefficients, index, runs.length > 1))}
</section>`;
}

function one(
  label: string,
  { names, points }: CoefficientCurves,
  index: number,
  named: boolean,
): Html {
  const last = points.at(-1)!.values;
  return html`<div>${named ? html`<h3>${label}</h3>` : html``}
<ul class="legend">${names.map(
    (name, k) =>
      html`<li>${lineKey(runColour(k), 2, runDash(k))}${name} ${formatNumber(last[k]!)}</li>`,
  )}</ul>
<figure data-plot="coefficients" data-run="${String(index)}"
data-label="Line plot: each learned coefficient as training went on"></figure></div>`;
}
