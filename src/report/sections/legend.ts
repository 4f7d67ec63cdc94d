import type { RunData } from "../data.ts";
import { type Html, html } from "../html.ts";
import { runColour, runDash } from "../run-style.ts";

/** Which line is which run; nothing for a single run. `more` adds what a run has to say. */
export function legend(runs: readonly RunData[], more?: (run: RunData) => string): Html {
  if (runs.length < 2) return html``;
  return html`<ul class="legend">${runs.map(
    (run, index) =>
      html`<li>${runKey(index)}${run.label}${more === undefined ? "" : more(run)}</li>`,
  )}</ul>`;
}

/** A short piece of a run's line. */
export function runKey(index: number): Html {
  return lineKey(runColour(index), 3, runDash(index));
}

export function lineKey(colour: string, width: number, dash = "none"): Html {
  return html`<svg class="line-key" viewBox="0 0 26 6" aria-hidden="true">
<line x2="26" y1="3" y2="3"
stroke="${colour}" stroke-width="${width}" stroke-dasharray="${dash}"/></svg>`;
}
