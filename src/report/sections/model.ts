import type { ChanceCalibration, ClassFigures, ModelFigures } from "../../ports/model-figures.ts";
import type { RunData } from "../data.ts";
import { formatCount, formatNumber, formatPercent, plural } from "../format.ts";
import { type Html, html } from "../html.ts";

/** Columns that a page holds; result.json has all. */
const labelsShown = 12;

/** How good predictions are and what moves them; nothing where no run says so. */
export function modelSection(runs: readonly RunData[]): Html {
  const known = runs.filter(({ model, ending }) => model !== null || ending.kind === "done");
  if (known.length === 0) return html``;
  return html`<section aria-labelledby="model-title"><h2 id="model-title">The model</h2>
${known.map((run) =>
  runs.length > 1
    ? html`<details><summary>${run.label}</summary>${ofRun(run)}</details>`
    : ofRun(run),
)}</section>`;
}

function ofRun(run: RunData): Html {
  const figures = run.model === null ? html`` : ofOne(run.model);
  if (run.ending.kind !== "done") return figures;
  const commands = modelCommands(run.run, run.facts?.problem);
  return html`${figures}<h3>Use it</h3><pre tabindex="0">${commands.join("\n")}</pre>`;
}

/** What people do with a model, as commands to copy. */
export function modelCommands(run: string, problem: string | undefined): string[] {
  if (problem === "translation") return [`kofn predict ${run} FILE.txt`];
  return [`kofn predict ${run} FILE.csv`, `kofn serve ${run}`, `kofn export ${run} --format onnx`];
}

function ofOne(model: ModelFigures): Html {
  const { classes, residuals, importance = [] } = model;
  const kept =
    model.of === "test"
      ? `${plural(model.rows, "row")} that it was not trained on`
      : `the ${plural(model.rows, "row")} that it was trained on: none were kept for testing`;
  return html`<p>Its predictions on ${kept}.</p>
${classes === undefined ? html`` : confusion(classes)}
${classes?.calibration === undefined ? html`` : reliability(classes.calibration)}
${residuals === undefined ? html`` : residualTable(residuals)}
${importance.length === 0 ? html`` : importanceTable(importance)}`;
}

function confusion({ labels, confusion: counts }: ClassFigures): Html {
  if (counts === undefined || labels.length > labelsShown) return html``;
  return html`<h3>What rows are taken for</h3>
${table(
  ["Class", ...labels, "Right"],
  counts.map((row, i) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    const right = all === 0 ? "–" : formatPercent(row[i]! / all);
    return [labels[i]!, ...row.map(formatCount), right];
  }),
  "Rows by their class, and by the class they are taken for",
)}`;
}

function reliability({ of, brier, expectedError, bins }: ChanceCalibration): Html {
  const whose = of === null ? "the likeliest class" : `“${of}”`;
  return html`<h3>Whether chances come true</h3>
<p>The chance of ${whose}: where it is said to be so large, how often it came true. Brier score
${formatNumber(brier)}, expected calibration error ${formatNumber(expectedError)}.</p>
${table(
  ["Chance up to", "Rows", "Mean chance", "Came true"],
  bins.map((bin) => [
    formatPercent(bin.above + 0.1),
    formatCount(bin.rows),
    formatPercent(bin.predicted),
    formatPercent(bin.observed),
  ]),
  "Reliability by tenths of the chance",
)}`;
}

function residualTable({ mean, quantiles }: NonNullable<ModelFigures["residuals"]>): Html {
  return html`<h3>Targets less predictions</h3>
<p>On average ${formatNumber(mean)}.</p>
${table(
  ["Share of rows", "Below"],
  quantiles.map(([share, value]) => [formatPercent(share), formatNumber(value)]),
  "Quantiles of the residuals",
)}`;
}

function importanceTable(importance: NonNullable<ModelFigures["importance"]>): Html {
  const isOfClasses = importance.some((one) => one.class !== undefined);
  return html`<h3>What moves predictions most</h3>
<p>Coefficients times the deviation of their feature over these rows.</p>
${table(
  ["Feature", ...(isOfClasses ? ["Class"] : []), "Per deviation"],
  importance.map((one) => [
    one.feature,
    ...(isOfClasses ? [one.class ?? ""] : []),
    formatNumber(one.perDeviation),
  ]),
  "Features by their importance",
)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[], label: string): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
<table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([name = "", ...cells]) =>
      html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}
