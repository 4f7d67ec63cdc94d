import { createHash } from "node:crypto";
import type { ReportData, RunData, WhatIf } from "./data.ts";
import { foldReport, type LabelledEvents } from "./fold.ts";
import { html, jsonForScript, verbatim } from "./html.ts";
import { pageBundle } from "./page-bundle.ts";
import { coefficientsSection } from "./sections/coefficients.ts";
import { comparisonSection } from "./sections/comparison.ts";
import { costSection } from "./sections/cost.ts";
import { factsSection, troubleSection } from "./sections/facts.ts";
import { figuresSection, headSection } from "./sections/head.ts";
import { heatmapSection } from "./sections/heatmap.ts";
import { modelSection } from "./sections/model.ts";
import { phasesSection } from "./sections/phases.ts";
import { printedSection } from "./sections/printed.ts";
import { progressSection } from "./sections/progress.ts";
import { scheduleSection } from "./sections/schedule.ts";
import { slotsSection } from "./sections/slots.ts";
import { whatIfSection } from "./sections/what-if.ts";

export interface ReportRequest {
  readonly title: string;
  /** One run, or several to compare. */
  readonly runs: readonly LabelledEvents[];
  /** Of one run: how it would have gone otherwise. */
  readonly whatIf?: WhatIf | undefined;
  /** Where a compared run has a page of its own, by its name. */
  readonly hrefOf?: (run: string) => string;
}

/**
 * One HTML file that shows a run or compares several: it asks the network for nothing, and its
 * key figures are there without JavaScript.
 */
export function renderReport({ runs, title, whatIf, hrefOf }: ReportRequest): string {
  const href = hrefOf === undefined ? undefined : ({ run }: RunData) => hrefOf(run);
  const data = foldReport(title, runs);
  return renderPage(whatIf === undefined ? data : { ...data, whatIf }, href);
}

function renderPage(data: ReportData, hrefOf?: (run: RunData) => string): string {
  const { script, style } = pageBundle();
  // The hash covers this script alone: markup that gets in by mistake still cannot run.
  const hash = createHash("sha256").update(script).digest("base64");
  const policy =
    `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; ` +
    "base-uri 'none'; form-action 'none'";
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="kofn">
<title>${data.title}</title>
<style>${verbatim(style)}</style>
</head>
<body>
<main>
${headSection(data)}
${data.runs.length > 1 ? comparisonSection(data.runs, hrefOf) : figuresSection(data.runs)}
<noscript><p class="note">The drawings need JavaScript;
the figures and tables do not.</p></noscript>
${progressSection(data.runs)}
${modelSection(data.runs)}
${coefficientsSection(data.runs)}
${scheduleSection(data.runs)}
${heatmapSection(data.runs)}
${phasesSection(data.runs)}
${slotsSection(data.runs)}
${whatIfSection(data.whatIf)}
${costSection(data.runs)}
${troubleSection(data.runs)}
${printedSection(data.runs)}
${factsSection(data.runs)}
</main>
<script type="application/json" id="report-data">${jsonForScript(data)}</script>
<script>${verbatim(script)}</script>
</body>
</html>
`.markup;
}
