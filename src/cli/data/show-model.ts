import { droppedColumns } from "../../data/columns.ts";
import { dateOf } from "../../data/formats/dates.ts";
import type { ColumnPlan } from "../../data/manifests.ts";
import {
  coefficients,
  linearCoefficients,
  weightsByOutput,
} from "../../model-export/coefficients.ts";
import { readTrainedModel } from "../../platform/training/model.ts";
import { withTrainedRun } from "../../platform/training/open-run.ts";
import { formatNumber } from "../../report/format.ts";
import { facts, table } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";
import { csvCell } from "./prediction-lines.ts";

/** `kofn show RUN --model`: coefficients in the data's units, and what became of the columns. */
export async function showModel(
  name: string,
  { json, csv }: { readonly json?: boolean; readonly csv?: boolean },
  terminal: Terminal,
): Promise<number> {
  const { model, drop } = await withTrainedRun(terminal, name, async ({ store }, record) => ({
    model: await readTrainedModel(store, record.run),
    drop: droppedColumns(record.spec.data),
  }));
  // It refuses models that have none.
  const all = coefficients(model);
  if (json === true) {
    printJson(terminal, { type: "model", ...all, dropped: drop });
    return 0;
  }
  const { preparation } = model;
  const { classes } = preparation.target;
  const outputs = weightsByOutput(model).map((own) => linearCoefficients(own, preparation));
  const rows = outputs.flatMap(({ intercept, coefficients }, i) =>
    [...coefficients, { feature: "intercept", ...intercept }].map((one) => ({
      ...one,
      class: outputs.length === 1 ? "" : (classes?.[i] ?? ""),
    })),
  );
  const isSeveral = outputs.length > 1;
  const head = [...(isSeveral ? ["class"] : []), "feature", "coefficient", "per deviation"];
  const cells = (shown: (value: number) => string) =>
    rows.map((row) => [
      ...(isSeveral ? [row.class] : []),
      row.feature,
      shown(row.original),
      shown(row.standardized),
    ]);
  if (csv === true) {
    const lines = [head, ...cells(String)].map((line) => line.map(csvCell).join(","));
    for (const line of lines) terminal.out(line);
    return 0;
  }
  terminal.out(
    table(
      head,
      cells((value) => formatNumber(value)),
    ),
  );
  terminal.out("");
  terminal.out(facts(columnFacts(preparation.columns, drop, saidOf(preparation.target))));
  return 0;
}

function saidOf({ name, classes }: { name: string; classes: readonly string[] | null }): string {
  if (classes === null) return name;
  return classes.length === 2
    ? `${name}: above 0 for ${JSON.stringify(classes[1])}`
    : `${name}: the class with the largest sum`;
}

/** What was filled in, encoded and left out, each where there is any. */
function columnFacts(
  plans: readonly ColumnPlan[],
  drop: readonly string[],
  target: string,
): (readonly [string, string])[] {
  const filled = plans.filter(({ fill }) => fill !== null);
  const said = [
    ["target", target],
    ["filled in", filled.map((plan) => `${plan.name} by ${fillOf(plan)}`).join(", ")],
    ["encoded", plans.flatMap(encodedAs).join(", ")],
    ["left out", drop.join(", ")],
  ] as const;
  return said.filter(([, text]) => text !== "");
}

/** How a column that is no number becomes features; nothing for numbers. */
function encodedAs(plan: ColumnPlan): string[] {
  switch (plan.kind) {
    case "numeric":
      return [];
    case "category":
      return [`${plan.name}: ${plan.levels.length} words`];
    case "ordinal":
      return [`${plan.name}: places from ${plan.levels[0]!} to ${plan.levels.at(-1)!}`];
    case "frequency":
      return [`${plan.name}: shares of ${plan.levels.length} words`];
    case "hash":
      return [`${plan.name}: ${plan.buckets} buckets`];
    case "date-parts":
      return [`${plan.name}: ${plan.parts.map(({ part }) => part).join(" ")}`];
  }
}

function fillOf(plan: ColumnPlan): string {
  const { fill } = plan;
  if (typeof fill !== "number") return JSON.stringify(fill);
  if (plan.kind === "hash") return `bucket ${fill}`;
  const isDate = plan.kind === "date-parts" || (plan.kind === "numeric" && plan.date === true);
  return isDate ? dateOf(fill) : formatNumber(fill);
}
