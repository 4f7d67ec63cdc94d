import type { RunData } from "./data.ts";
import { type Html, html } from "./html.ts";

/** How a compared run's line looks: by colour and by dashes, for those who see colours alike. */
const dashes = ["none", "8 3", "3 3", "9 3 2 3", "4 3", "12 4", "1 3", "9 3 2 3 2 3"] as const;

/** The colour is a variable of the style sheet, so that light and dark need no redraw. */
export function runColour(index: number): string {
  return `var(--run-${index % dashes.length})`;
}

export function runDash(index: number): string {
  return dashes[index % dashes.length]!;
}

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
