import type { WhatIf, WhatIfRow } from "../data.ts";
import { formatCount, formatDollars, formatNumber, formatSeconds, plural } from "../format.ts";
import { type Html, html } from "../html.ts";

const namesShown = 8;

/** The run again, one thing another. */
export function whatIfSection(whatIf: WhatIf | undefined): Html {
  if (whatIf === undefined) return html``;
  const { again, rows } = whatIf;
  return html`<section aria-labelledby="what-if-title"><h2 id="what-if-title">What if</h2>
<p>The run again on a virtual clock: every task meets the lateness and the faults that were recorded
of it, and one thing is another. ${againInWords(whatIf)}</p>
<div class="scroll"><table><thead><tr><th scope="col">what if</th>
${["time", "saved", "dollars", "saved", "rounds", "objective"].map(
  (name) => html`<th scope="col">${name}</th>`,
)}</tr></thead><tbody>
${rows.map((row) => rowOf(row, again))}
</tbody></table></div>${notes([again, ...rows])}</section>`;
}

/** How near the clock of what is compared comes to the recorded one. */
export function againInWords({ recorded, again }: WhatIf): string {
  const same = `The same again takes ${formatSeconds(again.seconds)}`;
  if (Number.isNaN(recorded.seconds)) return `${same}.`;
  return `${same}, where the run took ${formatSeconds(recorded.seconds)}.`;
}

/** The cells of a row: its name, then time, dollars and what each saves. */
export function whatIfCells(row: WhatIfRow, again: WhatIfRow): string[] {
  const { seconds, dollars, atMost = { seconds, dollars } } = row;
  return [
    row.name,
    range(formatSeconds(seconds), formatSeconds(atMost.seconds)),
    signed(again.seconds - atMost.seconds, formatSeconds),
    range(formatDollars(dollars), formatDollars(atMost.dollars)),
    signed(again.dollars - atMost.dollars, formatDollars),
    formatCount(row.rounds),
    formatNumber(row.objective),
  ];
}

/** What the rows rest on, where the record does not tell all. */
export function whatIfNotes(rows: readonly WhatIfRow[]): string[] {
  const unseen = new Set(rows.flatMap(({ unseen = [] }) => unseen));
  const drawn = Math.max(...rows.map((row) => row.drawn));
  const names = [...unseen].slice(0, namesShown).join(", ");
  const more = unseen.size > namesShown ? ` and ${formatCount(unseen.size - namesShown)} more` : "";
  return [
    ...(unseen.size === 0
      ? []
      : [
          `The run was over before ${unseen.size} replies came (${names}${more}): times ` +
            "run from their coming at once to their being as late as any that was seen.",
        ]),
    ...(drawn === 0
      ? []
      : [
          `Of up to ${plural(drawn, "task")} a row the record tells nothing: their lateness was ` +
            "drawn from that of others.",
        ]),
  ];
}

function rowOf(row: WhatIfRow, again: WhatIfRow): Html {
  const [name, ...cells] = whatIfCells(row, again);
  return html`<tr><th scope="row">${name!}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`;
}

function signed(value: number, format: (value: number) => string): string {
  return value < 0 ? `-${format(-value)}` : format(value);
}

function range(from: string, to: string): string {
  return from === to ? from : `${from} to ${to}`;
}

function notes(rows: readonly WhatIfRow[]): Html[] {
  return whatIfNotes(rows).map((note) => html`<p class="note">${note}</p>`);
}
