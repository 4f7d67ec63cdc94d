import type { RunData, SlotData } from "../data.ts";
import {
  formatCount,
  formatDollars,
  formatMs,
  formatPercent,
  formatSeconds,
  plural,
} from "../format.ts";
import { type Html, html } from "../html.ts";
import { legend, runKey } from "../run-style.ts";

const rowsShown = 8;
const rowsMax = 64;

/** Which slots were slow, and what that cost. */
export function slotsSection(runs: readonly RunData[]): Html {
  const timed = runs.some(({ pace }) => pace.quantilesMs.length > 0);
  return html`<section aria-labelledby="slots-title"><h2 id="slots-title">Slow slots</h2>
${runs.map((run, index) => runSlots(run, index, runs.length > 1))}
<p class="note">“Waiting would add” is how much longer the run would have taken had its rounds
also waited for that slot. “Paid, unused” is what its replies that did not count were billed.</p>
${timed ? timesFigure(runs) : html``}
</section>`;
}

function timesFigure(runs: readonly RunData[]): Html {
  return html`<h3>How long replies took</h3>
<p>Share of all replies that had come after so many milliseconds. The thin dashed line is
when, typically, enough of them were there to go on.</p>${legend(runs, typicalRound)}
<figure data-plot="times" data-label="Cumulative distribution of reply times"></figure>`;
}

function typicalRound({ pace }: RunData): string {
  return pace.quorumMs === null ? "" : ` (enough after ${formatMs(pace.quorumMs)})`;
}

function runSlots(run: RunData, index: number, named: boolean): Html {
  const heading = named ? html`<h3>${runKey(index)}${run.label}</h3>` : html``;
  const seen = run.slots.filter(({ fates }) => fates.counted + fates.late + fates.lost > 0);
  if (seen.length === 0) return html`${heading}<p class="note">No slot has replied yet.</p>`;
  const tables = tablesOf(
    seen.toSorted(
      (a, b) => trouble(b) - trouble(a) || b.savedSeconds - a.savedSeconds || a.slot - b.slot,
    ),
  );
  const shown = named
    ? html`<details><summary>Slots of this run</summary>${tables}</details>`
    : tables;
  return html`${heading}<p>${sentence(run)}</p>${shown}`;
}

function tablesOf(sorted: readonly SlotData[]): Html {
  const first = table(sorted.slice(0, rowsShown), "Slots, the most often slow or lost first");
  const rest = sorted.slice(rowsShown, rowsMax);
  if (rest.length === 0) return first;
  const hidden = sorted.length - rowsShown - rest.length;
  const note =
    hidden > 0
      ? html`<p class="note">${plural(hidden, "slot")} with less trouble left out.</p>`
      : html``;
  return html`${first}<details><summary>${plural(rest.length, "more slot")}</summary>
${table(rest, "The other slots")}${note}</details>`;
}

function trouble(slot: SlotData): number {
  return slot.slowShare + (slot.stands === "out" ? 1 : 0);
}

function sentence({ slots, pace, figures }: RunData): string {
  const out = slots.filter(({ stands }) => stands === "out");
  const names = out.slice(0, 8).map(({ slot }) => String(slot));
  const more = out.length > names.length ? ` and ${out.length - names.length} more` : "";
  const who =
    out.length === 0
      ? "No slot stands out: slowness was spread over all of them."
      : `${out.length === 1 ? "Slot" : "Slots"} ${names.join(", ")}${more} ${
          out.length === 1 ? "stands" : "stand"
        } out: slow or lost far more often than the others.`;
  if (pace.unusedUsd === 0) return who;
  const pay = `${formatDollars(pace.unusedUsd)} went to replies that did not count`;
  if (pace.savedSeconds < 0.01 * figures.seconds) return `${who} ${pay}.`;
  return `${who} ${pay}; not waiting for them saved at least ${formatSeconds(pace.savedSeconds)}.`;
}

function table(slots: readonly SlotData[], label: string): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table>
<thead><tr><th scope="col">Slot</th><th scope="col">Median</th><th scope="col">p95</th>
<th scope="col">Slow or lost</th><th scope="col">Unused replies</th><th scope="col">Lost</th>
<th scope="col">Waiting would add</th><th scope="col">Paid, unused</th></tr></thead>
<tbody>${slots.map(
    (slot) => html`<tr${slot.stands === "out" ? html` class="out"` : html``}>
<th scope="row">${slot.slot}</th><td>${formatMs(slot.medianMs)}</td><td>${formatMs(slot.p95Ms)}</td>
<td>${formatPercent(slot.slowShare)}</td><td>${formatCount(slot.fates.late)}</td>
<td>${formatCount(slot.fates.lost)}</td><td>${formatSeconds(slot.savedSeconds)}</td>
<td>${formatDollars(slot.unusedUsd)}</td></tr>`,
  )}</tbody></table></div>`;
}
