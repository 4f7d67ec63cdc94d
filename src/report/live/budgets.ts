import type { RunData } from "../data.ts";
import {
  formatCount,
  formatDollars,
  formatNumber,
  formatPercent,
  formatSeconds,
} from "../format.ts";
import { type Html, html } from "../html.ts";
import type { LiveStatus } from "./protocol.ts";

interface Budget {
  readonly name: string;
  readonly used: number;
  /** Null for no bound. */
  readonly most: number | null;
  readonly format: (value: number) => string;
}

/** What a run has used of what it may: rounds, time, dollars and epsilon. */
export function budgetsSection(run: RunData, { budgets, privacy }: LiveStatus): Html {
  const { rounds, seconds, dollars } = run.figures;
  const spent: Budget[] = [
    { name: "Rounds", used: rounds, most: budgets.rounds, format: formatCount },
    { name: "Time", used: seconds, most: budgets.seconds, format: formatSeconds },
    { name: "Dollars", used: dollars, most: budgets.dollars, format: formatDollars },
    ...(privacy === null
      ? []
      : [
          {
            name: "Epsilon",
            used: privacy.epsilon,
            most: privacy.budget,
            format: (value: number) => formatNumber(value),
          },
        ]),
  ];
  return html`<section aria-labelledby="budgets-title"><h2 id="budgets-title">Budgets</h2>
<dl class="budgets">${spent.map(budgetRow)}</dl></section>`;
}

function budgetRow({ name, used, most, format }: Budget): Html {
  if (most === null)
    return html`<div><dt>${name}</dt><dd>${format(used)}<small>no bound</small></dd></div>`;
  const share = most > 0 ? Math.min(1, used / most) : 1;
  return html`<div><dt>${name}</dt><dd>${format(used)}<small>${formatPercent(share)} of
${format(most)}</small><meter min="0" max="1" value="${share}"
aria-label="${name}: ${format(used)} of ${format(most)}"></meter></dd></div>`;
}
