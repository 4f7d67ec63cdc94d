import type { ReportData, RunData } from "../data.ts";
import {
  formatBytes,
  formatCount,
  formatDollars,
  formatNumber,
  formatPercent,
  formatSeconds,
  plural,
} from "../format.ts";
import { type Html, html } from "../html.ts";

/** Name, where and when, and the verdict. */
export function headSection({ title, runs, verdict }: ReportData): Html {
  return html`<header>
<p class="brand">kofn <span>· ${runs.length > 1 ? "comparison" : "run report"}</span></p>
<h1>${title}</h1>
<p class="verdict">${verdict.sentence}</p>
${verdict.notes.map((note) => html`<p class="note">${note}</p>`)}
${runs.length === 1 ? whereAndWhen(runs[0]!) : html``}
</header>`;
}

function whereAndWhen({ run, backend, startedAt }: RunData): Html {
  const parts = [run, backend === "" ? "" : `${backend} backend`, readableTime(startedAt)];
  return html`<p class="meta">${parts.filter((part) => part !== "").join(" · ")}</p>`;
}

function readableTime(startedAt: string): string {
  return startedAt.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
}

/** A row of key figures for each run. */
export function figuresSection(runs: readonly RunData[]): Html {
  return html`${runs.map((run) => html`<dl class="figures">${figuresOf(run)}</dl>`)}`;
}

function figuresOf({ figures, facts, pace }: RunData): Html[] {
  const { metric, arrivals, forecast, payloads } = figures;
  const tasks = arrivals.counted + arrivals.late + arrivals.lost;
  const share = tasks === 0 ? "" : `${formatPercent(figures.erasures / tasks)} of replies; `;
  const sooner = facts === null ? "" : `of at most ${formatCount(facts.roundsMax)}`;
  return [
    figure(
      figures.objectiveIsEstimate ? "Objective (estimate)" : "Objective",
      formatNumber(figures.objective),
      figures.objectiveIsEstimate ? "from the replies that counted" : "on all training rows",
    ),
    metric === null
      ? figure("Test metric", "–", "nothing was measured")
      : figure(
          `${metric.of === "test" ? "Test" : "Training"} ${metric.name}`,
          formatNumber(metric.value),
          metric.of === "test" ? testRowsWords(facts?.testRows) : "no test rows were set aside",
        ),
    figure("Rounds", formatCount(figures.rounds), sooner),
    figure(
      "Training time",
      formatSeconds(figures.seconds),
      withForecast(roundWords(pace.roundMs), forecast && formatSeconds(forecast.seconds)),
    ),
    figure(
      "Cost",
      formatDollars(figures.dollars),
      withForecast(
        unusedWords(pace.unusedUsd, figures.dollars),
        forecast && formatDollars(forecast.dollars),
      ),
    ),
    figure(
      "Sent to workers",
      formatBytes(figures.bytesDown),
      payloads === null ? "requests" : `of which weights ${bitsWords(payloads.bitsDown)}`,
    ),
    figure(
      "Sent back",
      formatBytes(figures.bytesUp),
      payloads === null ? "replies" : `of which payloads ${bitsWords(payloads.bitsUp)}`,
    ),
    figure(
      "Erasures",
      formatCount(figures.erasures),
      `${share}${formatCount(arrivals.late)} late, ${formatCount(arrivals.lost)} lost`,
    ),
  ];
}

function bitsWords(bits: number): string {
  return `${formatCount(bits)} bits`;
}

function figure(name: string, value: string, note: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
}

function withForecast(note: string, forecast: string | null): string {
  return [note, forecast === null ? "" : `forecast ${forecast}`]
    .filter((part) => part !== "")
    .join("; ");
}

function testRowsWords(testRows: number | undefined): string {
  return testRows === undefined ? "" : `on ${plural(testRows, "row")} set aside`;
}

function roundWords(roundMs: number | null): string {
  return roundMs === null ? "" : `${formatSeconds(roundMs / 1000)} a round, median`;
}

function unusedWords(unusedUsd: number, dollars: number): string {
  if (dollars === 0 || unusedUsd === 0) return "";
  return `${formatPercent(unusedUsd / dollars)} for unused replies`;
}
