import { datePartNames, writeDateParts } from "../date-parts.ts";
import type { Column } from "../formats/table.ts";
import type { ColumnPlan, DatePartsPlan, NumberScale, Preparation } from "../manifests.ts";

/** Writes the features of the row at `cells[base]` to `out[at]` and on. */
export type WriteFeatures = (
  cells: Float64Array,
  base: number,
  out: Float32Array,
  at: number,
) => void;

/** One name for each feature, in order. */
export function featureNamesOf(columns: readonly ColumnPlan[], intercept: boolean): string[] {
  const names = columns.flatMap(namesOf);
  return intercept ? [...names, "intercept"] : names;
}

function namesOf(plan: ColumnPlan): string[] {
  const { name } = plan;
  switch (plan.kind) {
    case "category":
      return plan.levels.map((level) => `${name}=${level}`);
    case "hash":
      return Array.from({ length: plan.buckets }, (_, bucket) => `${name}#${bucket}`);
    case "date-parts":
      return plan.parts.map(({ part }) => `${name}.${part}`);
    default:
      return [name];
  }
}

/** What is taken from each feature of a column and what it is divided by; null for none. */
export function scalesIn(plan: ColumnPlan): (NumberScale | null)[] {
  if (plan.kind === "date-parts") return [...plan.parts];
  return isOneHot(plan) ? namesOf(plan).map(() => null) : [plan as NumberScale];
}

/** Whether a column is a feature for each of its levels, or of its buckets. */
function isOneHot(plan: ColumnPlan): boolean {
  return plan.kind === "category" || plan.kind === "hash";
}

/** How a column's cell becomes features. */
type Write = "number" | "place" | "looked up" | "date";

interface ColumnWriter {
  readonly write: Write;
  readonly place: number;
  readonly width: number;
  readonly mean: number;
  readonly deviation: number;
  /** What stands in for a cell that is missing, as what `levels` or `numbers` would give. */
  readonly fill: number;
  /** From the number of a level to its feature, -1 for none of them. */
  readonly levels: Int32Array;
  /** From the number of a level to a number; those of no level are `other`. */
  readonly numbers: Float64Array;
  readonly other: number;
  readonly parts: DatePartsPlan["parts"];
}

/**
 * How cells become features: numbers standardised, levels one-hot, an unknown level all zeros,
 * words in an order their places, shares of rows, parts of dates. `read` are the columns of a
 * window, in order; those without a plan, as the target, are passed by.
 */
export function featureWriter(preparation: Preparation, read: readonly Column[]): WriteFeatures {
  const writers = preparation.columns.map((plan) => columnWriter(plan, read));
  const count = writers.length;
  // Flat, as numbers are most of the cells of most tables.
  const isNumber = Uint8Array.from(writers, ({ write }) => Number(write === "number"));
  const places = Uint32Array.from(writers, ({ place }) => place);
  const means = Float64Array.from(writers, ({ mean }) => mean);
  const deviations = Float64Array.from(writers, ({ deviation }) => deviation);
  const fills = Float64Array.from(writers, ({ fill }) => fill);
  const interceptAt = preparation.intercept ? preparation.featureNames.length - 1 : -1;
  return (cells, base, out, at) => {
    let to = at;
    for (let i = 0; i < count; i++) {
      let cell = cells[base + places[i]!]!;
      if (isNumber[i] === 1) {
        if (Number.isNaN(cell)) cell = fills[i]!;
        out[to++] = (cell - means[i]!) / deviations[i]!;
        continue;
      }
      const writer = writers[i]!;
      if (writer.write === "place") {
        out.fill(0, to, to + writer.width);
        const level = Number.isNaN(cell) ? writer.fill : cell < 0 ? -1 : writer.levels[cell]!;
        if (level >= 0) out[to + level] = 1;
        to += writer.width;
      } else if (writer.write === "looked up") {
        const isThere = !Number.isNaN(cell);
        const value = !isThere ? writer.fill : cell < 0 ? writer.other : writer.numbers[cell]!;
        out[to++] = (value - writer.mean) / writer.deviation;
      } else {
        writeParts(writer, Number.isNaN(cell) ? writer.fill : cell, out, to);
        to += writer.width;
      }
    }
    if (interceptAt >= 0) out[at + interceptAt] = 1;
  };
}

const none = { levels: new Int32Array(0), numbers: new Float64Array(0), other: 0, parts: [] };
const unscaled = { mean: 0, deviation: 1 };

function columnWriter(plan: ColumnPlan, read: readonly Column[]): ColumnWriter {
  const place = read.findIndex((column) => column.name === plan.name);
  const at = { ...none, ...unscaled, place };
  const width = namesOf(plan).length;
  const missing = Number.NaN;
  switch (plan.kind) {
    case "numeric": {
      const { mean, deviation, fill } = plan;
      return { ...at, write: "number", width, mean, deviation, fill: fill ?? missing };
    }
    case "category": {
      const fill = plan.levels.indexOf(plan.fill ?? "");
      return { ...at, write: "place", width, fill, levels: levelMap(plan, read[place]!) };
    }
    case "hash": {
      const levels = Int32Array.from({ length: plan.buckets }, (_, bucket) => bucket);
      return { ...at, write: "place", width, fill: plan.fill ?? -1, levels };
    }
    case "ordinal":
    case "frequency": {
      const { mean, deviation } = plan;
      const values = plan.kind === "ordinal" ? plan.levels.map((_, i) => i) : plan.shares;
      const numbers = new Map(plan.levels.map((level, i) => [level, values[i]!]));
      const other = plan.kind === "ordinal" ? missing : 0;
      const fill = typeof plan.fill === "string" ? numbers.get(plan.fill) : plan.fill;
      const words = read[place]!.levels.names;
      return {
        ...{ ...at, write: "looked up", width, mean, deviation, fill: fill ?? missing, other },
        numbers: Float64Array.from(words, (word) => numbers.get(word) ?? other),
      };
    }
    case "date-parts":
      return { ...at, write: "date", width, fill: plan.fill ?? missing, parts: plan.parts };
  }
}

const dateParts = new Float64Array(datePartNames.length);

function writeParts({ parts }: ColumnWriter, days: number, out: Float32Array, to: number): void {
  writeDateParts(days, dateParts);
  for (let i = 0; i < parts.length; i++) {
    const { part, mean, deviation } = parts[i]!;
    out[to + i] = (dateParts[datePartNames.indexOf(part)]! - mean) / deviation;
  }
}

/** From the number a level was read under to its feature, -1 where it has none. */
export function levelMap(plan: ColumnPlan, column: Column): Int32Array {
  if (plan.kind !== "category") return new Int32Array(0);
  const order = new Map(plan.levels.map((level, i) => [level, i]));
  return Int32Array.from(column.levels.names, (name) => order.get(name) ?? -1);
}
