import type { CellFate, RunData } from "../data.ts";
import { formatCount, formatMs } from "../format.ts";
import { type Html, html } from "../html.ts";
import { runKey } from "../run-style.ts";

const words: Readonly<Record<CellFate, string>> = {
  counted: "counted",
  slow: "counted, but slow: the round waited for it",
  spare: "not needed: came after the quorum, at the usual pace",
  late: "late: slow, and not waited for",
  lost: "lost: no result",
};

/** Slots against rounds: who was waited for. */
export function heatmapSection(runs: readonly RunData[]): Html {
  const drawn = runs.filter(({ picture }) => picture.cells.length > 0);
  if (drawn.length === 0)
    return html`<section><h2>Who was waited for</h2>
<p class="note">No reply belongs to a finished round yet.</p></section>`;
  const binned = drawn.some(({ picture }) => picture.roundsPerColumn > 1);
  const plain = drawn.some(({ picture }) => picture.roundsPerColumn === 1);
  return html`<section aria-labelledby="picture-title">
<h2 id="picture-title">Who was waited for</h2>
<p>One row for each worker slot, time runs to the right. Point at a cell, tap it, or move with the
arrow keys to see its task. ${slowWords(runs)}${twiceWords(drawn)}</p>
${plain ? fateLegend() : html``}${binned ? shareLegend() : html``}
${runs.map((run, index) => picture(run, index, runs.length > 1))}
</section>`;
}

function slowWords(runs: readonly RunData[]): string {
  const limits = runs.map(({ pace }) => pace.slowMs).filter((ms) => ms !== null);
  if (limits.length === 0) return "";
  const limit = [...new Set(limits.map((ms) => formatMs(ms)))].join(" or ");
  return (
    `“Slow” is a reply that took more than ${limit}: ` +
    "half as long again as the median, and at least 20 ms more."
  );
}

function twiceWords(runs: readonly RunData[]): string {
  const twice = runs.some(
    ({ picture }) =>
      picture.roundsPerColumn === 1 &&
      picture.cells.some(({ fates }) => fates.reduce((sum, count) => sum + count, 0) > 1),
  );
  return twice
    ? " A round with a line search asks every slot twice; its cell shows the worse of the two."
    : "";
}

function fateLegend(): Html {
  return html`<ul class="legend">${Object.entries(words).map(
    ([fate, text]) => html`<li><span class="cell-key fate-${fate}"></span>${text}</li>`,
  )}</ul>`;
}

function shareLegend(): Html {
  return html`<ul class="legend"><li><span class="share-key"></span>
share of rounds in which the slot
was late or lost, 0 to 100 %</li><li><span class="cell-key fate-lost"></span>at least one
loss</li></ul>`;
}

function picture({ picture, label }: RunData, index: number, named: boolean): Html {
  if (picture.cells.length === 0) return html``;
  const { columns, roundsPerColumn, slots } = picture;
  const text = `Grid of ${slots} slots by ${columns.length} columns of rounds for ${label}`;
  return html`${named ? html`<h3>${runKey(index)}${label}</h3>` : html``}
<figure data-plot="picture" data-run="${index}" data-label="${text}"></figure>
<p class="readout" data-readout="${index}" aria-live="polite">&nbsp;</p>
${
  roundsPerColumn === 1
    ? html``
    : html`<p class="note">Each column stands for
${formatCount(roundsPerColumn)} rounds, to keep the picture readable.</p>`
}`;
}
