import type { RunData } from "../data.ts";
import { formatCount, formatMs } from "../format.ts";
import { type Html, html } from "../html.ts";
import { type PhaseMeans, type ReplyPhase, replyPhases } from "../phases.ts";
import { runKey } from "../run-style.ts";

const colours: Readonly<Record<ReplyPhase, string>> = {
  transit: "var(--fate-spare)",
  start: "var(--fate-late)",
  load: "var(--fate-counted)",
  compute: "var(--fate-slow)",
  work: "var(--fate-slow)",
};

const words: Readonly<Record<ReplyPhase, string>> = {
  transit: "queued and under way",
  start: "cold start",
  load: "loading and sending",
  compute: "computing",
  work: "in the worker",
};

/** Where the time of replies went; nothing where no platform says. */
export function phasesSection(runs: readonly RunData[]): Html {
  const measured = runs.some(({ phases }) => phases.all.count > 0);
  if (!measured) return html``;
  const isSplit = runs.some(({ phases }) => phases.isSplit);
  const shown = replyPhases.filter((phase) =>
    phase === "start" ? isSplit : runs.some(({ phases }) => phases.all.meansMs[phase] > 0),
  );
  const note = isSplit
    ? html``
    : html`<p class="note">Cold starts are not measured apart here: “in the worker” is the time that
is billed.</p>`;
  return html`<section aria-labelledby="phases-title"><h2 id="phases-title">Phases of a reply</h2>
<p>From a task's start to its reply, on average.</p>
<ul class="legend">${shown.map(
    (phase) =>
      html`<li><span class="cell-key" style="background:${colours[phase]}"></span>${
        words[phase]
      }</li>`,
  )}</ul>${note}
${runs.map((run, index) => phasesOfRun(run, index, runs.length > 1))}</section>`;
}

function phasesOfRun({ phases, label }: RunData, index: number, named: boolean): Html {
  const { all, slow, cold } = phases;
  const longestMs = Math.max(...[all, slow, cold].map(totalMs));
  return html`${named ? html`<h3>${runKey(index)}${label}</h3>` : html``}
<dl class="phases">${bar("All replies", all, longestMs)}${bar("Slow ones", slow, longestMs)}${bar(
    "With a cold start",
    cold,
    longestMs,
  )}</dl>`;
}

function totalMs({ meansMs }: PhaseMeans): number {
  return replyPhases.reduce((sum, phase) => sum + meansMs[phase], 0);
}

function bar(name: string, means: PhaseMeans, longestMs: number): Html {
  if (means.count === 0 || longestMs === 0) return html``;
  const { meansMs } = means;
  const text = replyPhases
    .filter((phase) => meansMs[phase] >= 0.05)
    .map((phase) => `${words[phase]} ${formatMs(meansMs[phase])}`)
    .join(", ");
  const parts = replyPhases.map((phase) => {
    const share = ((100 * meansMs[phase]) / longestMs).toFixed(2);
    return html`<span style="width:${share}%;background:${colours[phase]}"></span>`;
  });
  return html`<div><dt>${name}<small>${formatCount(means.count)}</small></dt>
<dd><div class="bar" role="img" aria-label="${text}">${parts}</div>
<small>${text}</small></dd></div>`;
}
