import type { RunData } from "../data.ts";
import { formatMs, formatPercent } from "../format.ts";
import { type Html, html } from "../html.ts";
import { runKey } from "../run-style.ts";
import { besideForecast, type SchedulePicture, type ScheduleSpan } from "../schedule.ts";

const rowHeight = 22;
const width = 960;
const leftMargin = 70;

const colours: Readonly<Record<ScheduleSpan["kind"], string>> = {
  forward: "var(--run-5)",
  backward: "var(--run-0)",
  update: "var(--run-2)",
};

/** A step of each pipeline: who computed what and when; nothing where there is none. */
export function scheduleSection(runs: readonly RunData[]): Html {
  const drawn = runs.flatMap(({ label, schedule }, index) =>
    schedule === null ? [] : [{ label, schedule, index }],
  );
  if (drawn.length === 0) return html``;
  return html`<section aria-labelledby="schedule-title">
<h2 id="schedule-title">The schedule of a step</h2>
<p>One row for each worker, time runs to the right; a number is that of a microbatch. Grey is
waiting, which costs no money. A task is as long as from its start to its reply.</p>
<ul class="legend">${Object.entries(colours).map(
    ([kind, colour]) =>
      html`<li><span class="cell-key" style="background:${colour}"></span>${kind}</li>`,
  )}
<li><span class="cell-key fate-lost"></span>lost</li>
<li><span class="cell-key fate-late"></span>late: not needed</li>
<li><span class="cell-key" style="border:2px solid var(--fate-lost)"></span>asked again</li></ul>
${drawn.map(({ label, schedule, index }) => one(label, schedule, index, runs.length > 1))}
</section>`;
}

function one(label: string, schedule: SchedulePicture, index: number, named: boolean): Html {
  const { step, measuredMs, spans, calmMs, calm, forecast } = schedule;
  const lastMs = Math.max(measuredMs, calmMs, forecast?.ms ?? 0);
  const told =
    forecast &&
    html`<p>By the forecast of before the run, of functions on Lambda, it takes
${formatMs(forecast.ms)}; workers wait for
${formatPercent(idleShare(forecast.spans, forecast.ms))} of it.</p>
${drawing(forecast.spans, forecast.ms, lastMs, `Step ${step} by the forecast`)}
${forecastTable(schedule, forecast.spans)}`;
  return html`${named ? html`<h3>${runKey(index)}${label}</h3>` : html``}
<p>Step ${step}, of median length, took ${formatMs(measuredMs)}; workers waited for
${formatPercent(idleShare(spans, measuredMs))} of it.</p>
${drawing(spans, measuredMs, lastMs, `Step ${step} as it went`)}
<p>With every task at the median of its kind and nothing lost it takes ${formatMs(calmMs)}; workers
wait for ${formatPercent(idleShare(calm, calmMs))}.</p>
${drawing(calm, calmMs, lastMs, `Step ${step} without disturbance`)}${told ?? html``}`;
}

/** Each kind of task at each stage: the forecast beside the median. */
function forecastTable({ calm }: SchedulePicture, told: readonly ScheduleSpan[]): Html {
  return html`<table><thead><tr><th scope="col">Task</th><th scope="col">Forecast</th>
<th scope="col">Measured, median</th></tr></thead>
<tbody>${besideForecast(calm, told).map(
    ({ name, forecastMs, measuredMs }) => html`<tr><td>${name}</td><td>${formatMs(forecastMs)}</td>
<td>${formatMs(measuredMs)}</td></tr>`,
  )}</tbody></table>`;
}

function slotsIn(spans: readonly ScheduleSpan[]): number[] {
  return [...new Set(spans.map(({ slot }) => slot))].sort((a, b) => a - b);
}

function idleShare(spans: readonly ScheduleSpan[], totalMs: number): number {
  const counted = spans.filter(({ fate }) => fate === "counted");
  const busyMs = counted.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return totalMs > 0 ? Math.max(0, 1 - busyMs / (totalMs * slotsIn(spans).length)) : 0;
}

function drawing(
  spans: readonly ScheduleSpan[],
  endMs: number,
  lastMs: number,
  text: string,
): Html {
  const slots = slotsIn(spans);
  const height = slots.length * rowHeight;
  const scale = lastMs > 0 ? (width - leftMargin) / lastMs : 0;
  const x = (ms: number) => (leftMargin + ms * scale).toFixed(1);
  const wide = (ms: number) => Math.max(0.5, ms * scale).toFixed(1);
  const box = (from: string, length: string, slot: number) =>
    html`x="${from}" y="${slots.indexOf(slot) * rowHeight + 2}" width="${length}"
height="${rowHeight - 4}"`;
  return html`<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${text}"
font-size="11">${slots.map(
    (slot) => html`<text x="0" y="${slots.indexOf(slot) * rowHeight + 15}"
fill="var(--soft)">worker ${slot}</text><rect ${box(x(0), wide(endMs), slot)}
fill="var(--fate-spare)"/>`,
  )}${spans.map((span) => {
    const lengthMs = span.toMs - span.fromMs;
    const fill = span.fate === "counted" ? colours[span.kind] : `var(--fate-${span.fate})`;
    const edge = span.isRepeated ? html` stroke="var(--fate-lost)" stroke-width="2"` : html``;
    const number =
      lengthMs * scale < 12 || span.microbatch < 0
        ? html``
        : html`<text x="${x(span.fromMs + lengthMs / 2)}" text-anchor="middle"
y="${slots.indexOf(span.slot) * rowHeight + 15}" fill="var(--ground)">${span.microbatch}</text>`;
    const place = box(x(span.fromMs), wide(lengthMs), span.slot);
    return html`<g><title>${inWords(span)}</title><rect ${place}
fill="${fill}"${edge}/>${number}</g>`;
  })}</svg></figure>`;
}

function inWords({ kind, stage, microbatch, replica, fate, fromMs, toMs }: ScheduleSpan): string {
  const what =
    kind === "update"
      ? `update of part ${stage}`
      : `${kind}, stage ${stage}, microbatch ${microbatch}, replica ${replica}`;
  return `${what}: ${formatMs(toMs - fromMs)} from ${formatMs(fromMs)} on, ${fate}`;
}
