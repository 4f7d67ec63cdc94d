import type { ModelFigures } from "../../ports/model-figures.ts";
import { formatCount, formatNumber, formatPercent } from "../../report/format.ts";
import { table } from "../table.ts";

/** A terminal is no wider. */
const labelsShown = 12;
const featuresShown = 10;

/** How good a model's predictions are, a line each, to stand beside other facts. */
export function figureLines(figures: ModelFigures | undefined): (readonly [string, string])[] {
  if (figures === undefined) return [];
  const { classes, residuals } = figures;
  const calibration = classes?.calibration;
  return [
    ...(calibration === undefined
      ? []
      : [
          [
            "calibration",
            `brier ${formatNumber(calibration.brier)}  expected error ` +
              `${formatNumber(calibration.expectedError)} (${chanceOf(calibration.of)})`,
          ] as const,
        ]),
    ...(residuals === undefined
      ? []
      : [
          [
            "residuals",
            `mean ${formatNumber(residuals.mean)}, below ${residuals.quantiles
              .map(([share, value]) => `${formatNumber(value)}: ${formatPercent(share)}`)
              .join(", ")}`,
          ] as const,
        ]),
  ];
}

/** Tables of the same: what classes are taken for, whether chances come true, what matters most. */
export function figureTables(figures: ModelFigures | undefined): string[] {
  if (figures === undefined) return [];
  const { classes, importance = [], rows } = figures;
  const of = figures.of === "test" ? "test" : "training";
  const on = `${formatCount(rows)} ${of} rows`;
  return [
    ...confusionTable(classes, on),
    ...calibrationTable(classes?.calibration, on),
    ...(importance.length === 0 ? [] : [importanceTable(importance)]),
  ];
}

function confusionTable(classes: ModelFigures["classes"], on: string): string[] {
  const { labels = [], confusion } = classes ?? {};
  if (confusion === undefined || labels.length > labelsShown) return [];
  const rows = confusion.map((row, i) => [labels[i]!, ...row.map((count) => formatCount(count))]);
  return [`what ${on} are taken for, by class\n${table(["class", ...labels], rows)}`];
}

function calibrationTable(
  calibration: NonNullable<ModelFigures["classes"]>["calibration"],
  on: string,
): string[] {
  if (calibration === undefined) return [];
  const rows = calibration.bins.map((bin) => [
    `up to ${formatPercent(bin.above + 0.1)}`,
    formatCount(bin.rows),
    formatPercent(bin.predicted),
    formatPercent(bin.observed),
  ]);
  const head = ["chance", "rows", "mean chance", "came true"];
  return [`${chanceOf(calibration.of)}, on ${on}\n${table(head, rows)}`];
}

function importanceTable(importance: NonNullable<ModelFigures["importance"]>): string {
  const isOfClasses = importance.some((one) => one.class !== undefined);
  const rows = importance
    .slice(0, featuresShown)
    .map((one) => [
      one.feature,
      ...(isOfClasses ? [one.class ?? ""] : []),
      formatNumber(one.perDeviation),
    ]);
  const head = ["feature", ...(isOfClasses ? ["class"] : []), "per deviation"];
  return `what moves predictions most\n${table(head, rows)}`;
}

/** Whose chances a calibration is of. */
export function chanceOf(label: string | null): string {
  return label === null ? "chances of the likeliest class" : `chances of ${JSON.stringify(label)}`;
}
