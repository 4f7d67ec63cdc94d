import type { RunData } from "../data.ts";
import { formatSeconds } from "../format.ts";
import { type Html, html } from "../html.ts";
import { runKey } from "../run-style.ts";

/** The last lines that workers printed, slot by slot; nothing where none did. */
export function printedSection(runs: readonly RunData[]): Html {
  if (runs.every(({ printed }) => printed.length === 0)) return html``;
  return html`<section aria-labelledby="printed-title">
<h2 id="printed-title">What workers printed</h2>
<p>The last lines of each slot, the latest first.</p>
${runs.map((run, index) => printedBy(run, index, runs.length > 1))}</section>`;
}

function printedBy({ printed, label }: RunData, index: number, named: boolean): Html {
  if (printed.length === 0) return html``;
  return html`${named ? html`<h3>${runKey(index)}${label}</h3>` : html``}
${printed.map(
  ({ slot, atMs, task, text }) => html`<details data-key="printed-${slot}"><summary>Slot ${slot},
after ${formatSeconds(atMs / 1000)}: ${task}</summary><pre tabindex="0">${text}</pre></details>`,
)}`;
}
