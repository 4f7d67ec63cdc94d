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
    drop: record.spec.data.drop,
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
  const encoded = plans.flatMap((plan) => (plan.kind === "category" ? [plan] : []));
  const said = [
    ["target", target],
    ["filled in", filled.map(({ name, fill }) => `${name} by ${fillOf(fill)}`).join(", ")],
    ["encoded", encoded.map(({ name, levels }) => `${name}: ${levels.length} words`).join(", ")],
    ["left out", drop.join(", ")],
  ] as const;
  return said.filter(([, text]) => text !== "");
}

function fillOf(fill: number | string | null): string {
  return typeof fill === "number" ? formatNumber(fill) : JSON.stringify(fill);
}
