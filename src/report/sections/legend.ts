import type { RunData } from "../data.ts";
import { type Html, html } from "../html.ts";

/** Which line is which run; nothing for a single run. */
export function legend(runs: readonly RunData[]): Html {
  if (runs.length < 2) return html``;
  return html`<ul class="legend">${runs.map(
    ({ label }, index) => html`<li><span class="run-key run-${index % 8}"></span>${label}</li>`,
  )}</ul>`;
}
