import { accumulate } from "../math/slices/accumulation.ts";
import type { DoublePart, TensorPart } from "../math/slices/gradient-part.ts";
import { RowSums } from "../math/slices/row-sums.ts";
import type { SlicedGradient, TableFacts } from "../math/slices/sliced-gradient.ts";
import type { Slices } from "../math/slices/slices.ts";
import type { ParameterSpec } from "../math/vector.ts";
import type { WeightVariable } from "./definition.ts";
import { type GradientPass, mergedRows } from "./gradient-pass.ts";
import type { RowsTold } from "./layers/table-rows.ts";
import type { SlicedGradients } from "./trainer-contract.ts";

type Sums = Float64Array<ArrayBuffer>;

/** A table among the weights, by its place, and why its gradient is dense where it is. */
export interface TableSlot {
  readonly at: number;
  readonly hasPenalty: boolean;
}

/**
 * Adds up gradients tensor by tensor over parts of some rows, a table's by its rows. A table that
 * is also used as a whole (a tied output, a penalty) has a dense gradient, so it goes the way of
 * all other tensors: the dense part wins before anything travels.
 */
export function slicedGradients<Part>(
  slots: readonly WeightVariable[],
  tables: readonly TableSlot[],
  differentiated: (part: Part, tables: readonly number[], told: RowsTold) => GradientPass,
): SlicedGradients<Part> {
  /** Places of tables that turned out to be used as a whole. */
  const wholes = new Set<number>();
  return {
    sum(parts, seeded, told) {
      const sums = new GradientSums(slots);
      let loss = 0;
      for (const part of parts) {
        const open = () => tables.map(({ at }) => at).filter((at) => !wholes.has(at));
        const pass = () => seeded(part, () => differentiated(part, open(), told));
        let one = pass();
        const used = open().filter((at) => one.slopes.has(at));
        for (const at of used) wholes.add(at);
        if (used.length > 0) one = pass();
        sums.add(one);
        loss += one.loss;
      }
      return { loss, ...sums.take(tables, wholes) };
    },
    /** Every contribution as it comes, a dense one as all its rows: nothing is added up. */
    gather(parts, seeded) {
      const sums = new GradientSums(slots);
      const gathered = new Map(tables.map(({ at }): [number, DoublePart[]] => [at, []]));
      let loss = 0;
      for (const part of parts) {
        const pass = seeded(part, () => differentiated(part, [...gathered.keys()], "gathered"));
        loss += pass.loss;
        const others = new Map([...pass.slopes].filter(([at]) => !gathered.has(at)));
        sums.add({ ...pass, slopes: others, rows: new Map() });
        for (const [at, list] of gathered) {
          const whole = pass.slopes.get(at);
          if (whole !== undefined) list.push({ kind: "dense", values: Float64Array.from(whole) });
          list.push(...pass.rows.get(at)!.map(inDoubles));
        }
      }
      const { parts: rest } = sums.take([], wholes);
      const all = rest.map((part, at): TensorPart => {
        const [rows, columns] = slots[at]!.shape as [number, number];
        return accumulate(gathered.get(at) ?? [], { rows, columns }, "gather") ?? part;
      });
      const facts = tables.map(({ at }) => ({ tensor: at, rows: distinctRows(all[at]!) }));
      return { loss, parts: all, tables: facts };
    },
  };
}

/** One sum a tensor; a table's holds the rows that were added to. */
class GradientSums {
  private readonly slots: readonly ParameterSpec[];
  private readonly dense = new Map<number, Sums>();
  private readonly rows = new Map<number, RowSums>();

  constructor(slots: readonly ParameterSpec[]) {
    this.slots = slots;
  }

  add({ slopes, rows, observed }: GradientPass): void {
    for (const all of [slopes, observed])
      for (const [at, values] of all) {
        const sums = this.denseAt(at);
        for (let i = 0; i < values.length; i++) sums[i]! += values[i]!;
      }
    for (const [at, calls] of rows) {
      const merged = mergedRows(calls);
      if (merged === null) continue;
      const sums = this.rows.get(at) ?? new RowSums(merged.rows, merged.columns);
      this.rows.set(at, sums);
      sums.add(merged, merged.isFromZeros);
    }
  }

  take(
    tables: readonly TableSlot[],
    wholes: ReadonlySet<number>,
  ): Pick<SlicedGradient, "parts" | "tables"> {
    const places = new Map(tables.map((table) => [table.at, table]));
    const parts = this.slots.map(({ shape }, at): TensorPart => {
      const table = places.get(at);
      if (table === undefined || wholes.has(at))
        return { kind: "dense", values: this.withRows(at) };
      const [rows, columns] = shape as [number, number];
      const sums = this.rows.get(at) ?? new RowSums(rows, columns);
      return { kind: "slices", slices: sums.slices() };
    });
    const facts = tables.map(({ at, hasPenalty }): TableFacts => {
      const part = parts[at]!;
      if (part.kind === "slices") return { tensor: at, rows: part.slices.ids.length };
      const all = this.slots[at]!.shape[0]!;
      return { tensor: at, rows: all, dense: hasPenalty ? "penalty" : "tied" };
    });
    return { parts, tables: facts };
  }

  /** Of a table that was found to be used as a whole after some batches: both parts. */
  private withRows(at: number): Sums {
    const sums = this.denseAt(at);
    const slices = this.rows.get(at)?.slices();
    if (slices === undefined) return sums;
    for (const [i, id] of slices.ids.entries())
      for (let j = 0; j < slices.columns; j++)
        sums[id * slices.columns + j]! += slices.values[i * slices.columns + j]!;
    return sums;
  }

  private denseAt(at: number): Sums {
    const found = this.dense.get(at);
    if (found !== undefined) return found;
    const made = new Float64Array(this.slots[at]!.shape.reduce((a, b) => a * b, 1));
    this.dense.set(at, made);
    return made;
  }
}

function inDoubles(slices: Slices): DoublePart {
  return { kind: "slices", slices: { ...slices, values: Float64Array.from(slices.values) } };
}

function distinctRows(part: TensorPart): number {
  return part.kind === "dense" ? 0 : new Set(part.slices.ids).size;
}
