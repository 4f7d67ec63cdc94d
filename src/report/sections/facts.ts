import type { Counted, RunData } from "../data.ts";
import { formatCount, formatNumber, formatSeconds } from "../format.ts";
import { type Html, html } from "../html.ts";
import { tableLine } from "../table-lines.ts";

/** Warnings and faults, where there were any. */
export function troubleSection(runs: readonly RunData[]): Html {
  const parts = runs.flatMap((run) => {
    const lists = [list("Lost replies", run.losses), list("Warnings", run.warnings)].filter(
      (part) => part !== null,
    );
    const heading = runs.length > 1 && lists.length > 0 ? [html`<h3>${run.label}</h3>`] : [];
    return [...heading, ...lists];
  });
  const body = parts.length > 0 ? parts : [html`<p class="note">None.</p>`];
  return html`<section><h2>Warnings and faults</h2>${body}</section>`;
}

function list(name: string, entries: readonly Counted[]): Html | null {
  if (entries.length === 0) return null;
  return html`<h4>${name}</h4><ul class="counted">${entries.map(
    ({ text, count }) => html`<li><span>${formatCount(count)} ×</span> ${text}</li>`,
  )}</ul>`;
}

/** What was run, in facts and as it was specified. */
export function factsSection(runs: readonly RunData[]): Html {
  const facts = runs.map((run) => factsOf(run, runs.length > 1));
  return html`<section><h2>What was run</h2>${facts}</section>`;
}

function factsOf(run: RunData, named: boolean): Html {
  const { facts, figures } = run;
  const entries: [string, string][] =
    facts === null
      ? []
      : [
          ["Problem", facts.problem],
          ["Optimizer", facts.optimizer],
          ["Encoding", `${facts.encoding}, redundancy ${formatNumber(facts.redundancy, 3)}`],
          ["Workers", formatCount(facts.workers)],
          ["Waited for", facts.wait],
          ["Training rows", formatCount(facts.rows)],
          ["Test rows", formatCount(facts.testRows)],
          ["Features", formatCount(facts.features)],
          ["Stored as", storedAs(facts.storage)],
          ["Rounds at most", formatCount(facts.roundsMax)],
        ];
  const metrics = (["train", "test"] as const).flatMap((of) =>
    Object.entries(figures[of]).map(([name, value]): [string, string] => [
      `${of === "train" ? "Training" : "Test"} ${name}`,
      formatNumber(value),
    ]),
  );
  const rest: [string, string][] = [
    ...privacyFacts(figures.privacy),
    ...run.tables.map((table): [string, string] => ["Gradient of", tableLine(table)]),
    ["Cold starts", formatCount(figures.coldStarts)],
    ["Staleness in steps", inSteps(figures.staleness)],
    ["Training time", formatSeconds(figures.seconds)],
    ["Backend", run.backend],
    ["Run", run.run],
  ];
  const all = [...entries, ...metrics, ...rest].filter(([, value]) => value !== "");
  const table = html`<dl class="facts">${all.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
  const spec = html`<details><summary>Specification, with every default filled in</summary>
<pre tabindex="0">${run.spec}</pre></details>`;
  const shown = html`${table}${run.spec === "" ? html`` : spec}`;
  return named ? html`<details><summary>${run.label}</summary>${shown}</details>` : shown;
}

/** What the messages of a private run have cost, whose privacy it is and who can read them. */
function privacyFacts(privacy: RunData["figures"]["privacy"]): [string, string][] {
  if (privacy === null) return [];
  const { epsilon, delta, budget, unit, adjacency, released, observers } = privacy;
  const left = formatNumber(Math.max(0, budget - epsilon));
  return [
    ["Epsilon spent", `${formatNumber(epsilon)} at delta ${delta}, ${left} left`],
    ["Protected", `any ${unit}, under ${adjacency}`],
    ["Messages", `${formatCount(released)}, seen by ${observers}`],
  ];
}

/** Nothing where rounds begin together. */
function inSteps(staleness: RunData["figures"]["staleness"]): string {
  if (staleness === null) return "";
  const { median, p95, most } = staleness;
  const [usual, nearly, all] = [median, p95, most].map(formatCount);
  return `median ${usual}, 95 % at most ${nearly}, all at most ${all}`;
}

/** Nothing where features are stored as they are. */
function storedAs(storage: { type: string; relativeError: number } | undefined): string {
  if (storage === undefined) return "";
  return `${storage.type}, off by ${formatNumber(100 * storage.relativeError, 2)} %`;
}
