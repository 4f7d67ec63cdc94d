import type { Column } from "../formats/table.ts";
import type { ColumnPlan, Preparation } from "../manifests.ts";

/** Writes the features of the row at `cells[base]` to `out[at]` and on. */
export type WriteFeatures = (
  cells: Float64Array,
  base: number,
  out: Float32Array,
  at: number,
) => void;

/** One name for each feature, in order. */
export function featureNamesOf(columns: readonly ColumnPlan[], intercept: boolean): string[] {
  const names = columns.flatMap((column) =>
    column.kind === "numeric"
      ? [column.name]
      : column.levels.map((level) => `${column.name}=${level}`),
  );
  return intercept ? [...names, "intercept"] : names;
}

/**
 * How cells become features: numbers standardised, levels one-hot, an unknown level all zeros.
 * `read` are the columns of a window, in order; those without a plan, as the target, are passed by.
 */
export function featureWriter(preparation: Preparation, read: readonly Column[]): WriteFeatures {
  const places = preparation.columns.map((plan) =>
    read.findIndex((column) => column.name === plan.name),
  );
  const numeric = preparation.columns.map((plan) => plan.kind === "numeric");
  const means = Float64Array.from(preparation.columns, (p) => (p.kind === "numeric" ? p.mean : 0));
  const deviations = Float64Array.from(preparation.columns, (plan) =>
    plan.kind === "numeric" ? plan.deviation : 1,
  );
  const fills = Float64Array.from(preparation.columns, (plan) =>
    plan.kind === "numeric" ? (plan.fill ?? Number.NaN) : plan.levels.indexOf(plan.fill ?? ""),
  );
  const widths = Uint32Array.from(preparation.columns, (plan) =>
    plan.kind === "numeric" ? 1 : plan.levels.length,
  );
  const levels = preparation.columns.map((plan, i) => levelMap(plan, read[places[i]!]!));
  const count = places.length;
  const interceptAt = preparation.intercept ? preparation.featureNames.length - 1 : -1;
  return (cells, base, out, at) => {
    let to = at;
    for (let i = 0; i < count; i++) {
      let cell = cells[base + places[i]!]!;
      if (numeric[i]) {
        if (Number.isNaN(cell)) cell = fills[i]!;
        out[to++] = (cell - means[i]!) / deviations[i]!;
        continue;
      }
      const width = widths[i]!;
      out.fill(0, to, to + width);
      const level = Number.isNaN(cell) ? fills[i]! : cell < 0 ? -1 : levels[i]![cell]!;
      if (level >= 0) out[to + level] = 1;
      to += width;
    }
    if (interceptAt >= 0) out[at + interceptAt] = 1;
  };
}

/** From the number a level was read under to its feature, -1 where it has none. */
export function levelMap(plan: ColumnPlan, column: Column): Int32Array {
  if (plan.kind === "numeric") return new Int32Array(0);
  const order = new Map(plan.levels.map((level, i) => [level, i]));
  return Int32Array.from(column.levels.names, (name) => order.get(name) ?? -1);
}
