import * as tf from "@tensorflow/tfjs-core";
import type { DoublePart } from "../math/slices/gradient-part.ts";
import type { SlicedWalk } from "../math/slices/sliced-gradient.ts";
import type { Slices } from "../math/slices/slices.ts";
import type { Vector } from "../math/vector.ts";
import { batchRows } from "./batches.ts";
import type { WeightVariable } from "./definition.ts";
import type { TableSlot } from "./gradient-sums.ts";
import { currentInPlace, type InPlace } from "./kernels/in-place.ts";
import { freeRows, listOfRows, RowsInPlace } from "./kernels/merged-rows.ts";
import type { GradientHere } from "./trainer-contract.ts";

/**
 * Steps that are taken where the WASM backend has its tables: slopes of rows are added up, and rows
 * moved, in its memory, the bits those of steps in doubles elsewhere. The variables have the walk's
 * weights from the first step on; null on other backends.
 */
export function openTableWalk(
  {
    slots,
    tables,
  }: { readonly slots: readonly WeightVariable[]; readonly tables: readonly TableSlot[] },
  weights: Float32Array,
  gradientHere: GradientHere,
): SlicedWalk | null {
  const memory = currentInPlace();
  if (memory === null) return null;
  let from = 0;
  const movers = slots.map(({ variable }, at) => {
    const own = weights.subarray(from, from + variable.size);
    from += variable.size;
    const isTable = tables.some((table) => table.at === at);
    return isTable ? new MovedTable(memory, variable, own) : new MovedTensor(variable, own);
  });
  let hasStepped = false;
  return {
    step(examples, rate, random) {
      const count = examples.targets.length;
      const told = hasStepped && count <= batchRows ? "inPlace" : "merged";
      const { loss, parts, tables: facts } = gradientHere(examples, random, told);
      if (facts.some(({ dense }) => dense !== undefined)) return null;
      hasStepped = true;
      for (const [at, part] of parts.entries()) {
        const mover = movers[at]!;
        if (part.kind === "slices") (mover as MovedTable).step(part.slices, count, rate);
        else (mover as MovedTensor).step(part.values, count, rate);
      }
      freeRows(parts.flatMap((part) => (part.kind === "slices" ? [part.slices] : [])));
      return { loss, tables: facts };
    },
    change: () => movers.map((mover) => mover.change()),
    close() {
      for (const mover of movers) mover.close();
    },
  };
}

/** A tensor all of which moves, in doubles. */
class MovedTensor {
  private readonly variable: tf.Variable;
  private readonly from: Float32Array;
  private readonly here: Float64Array<ArrayBuffer>;

  constructor(variable: tf.Variable, from: Float32Array) {
    this.variable = variable;
    this.from = from;
    this.here = Float64Array.from(from);
  }

  step(slopes: Vector, count: number, rate: number): void {
    const { here, variable } = this;
    for (let j = 0; j < here.length; j++) here[j]! -= rate * (slopes[j]! / count);
    tf.tidy(() => variable.assign(tf.tensor(new Float32Array(here), variable.shape)));
  }

  change(): DoublePart {
    return { kind: "dense", values: this.here.map((value, j) => this.from[j]! - value) };
  }

  close(): void {}
}

/** A table some of whose rows move: in the backend's memory, in doubles, and in its variable. */
class MovedTable {
  private readonly memory: InPlace;
  private readonly variable: tf.Variable;
  private readonly from: Float32Array;
  private readonly rows: number;
  private readonly columns: number;
  /** Doubles: of rows that have moved. */
  private readonly here: tf.TensorInfo;
  /** A byte for each row: 1 once it has moved. */
  private readonly begun: tf.TensorInfo;

  constructor(memory: InPlace, variable: tf.Variable, from: Float32Array) {
    const [rows, columns] = variable.shape as [number, number];
    this.memory = memory;
    this.variable = variable;
    this.from = from;
    this.rows = rows;
    this.columns = columns;
    this.here = memory.reserve([rows, columns, 2]);
    this.begun = memory.reserve([Math.ceil(rows / 4)]);
    memory.bytes(this.begun).fill(0);
  }

  step(slopes: Slices, count: number, rate: number): void {
    if (slopes.ids.length === 0) return;
    const { memory, columns } = this;
    const { addressOf } = memory;
    const ids = memory.reserve([slopes.ids.length]);
    memory.integers(ids).set(slopes.ids);
    const step = (places: number) => {
      const [here, at, begun] = [this.here, this.variable, this.begun].map(addressOf) as Addresses;
      const { stepFloatRows } = memory.kernels;
      stepFloatRows(
        addressOf(ids),
        slopes.ids.length,
        places,
        columns,
        here,
        at,
        begun,
        count,
        rate,
      );
    };
    if (slopes instanceof RowsInPlace) step(slopes.places);
    else if (slopes.values instanceof Float32Array) {
      const copied = memory.reserve([slopes.values.length]);
      memory.floats(copied).set(slopes.values);
      const places = listOfRows(memory, addressOf(copied), slopes.ids.length, columns);
      step(addressOf(places));
      for (const one of [copied, places]) memory.free(one);
    } else this.plainStep(slopes, count, rate);
    memory.free(ids);
  }

  /** Along slopes in doubles: sums over several batches. */
  private plainStep({ ids, values }: Slices, count: number, rate: number): void {
    const { memory, columns } = this;
    const [here, at] = [memory.doubles(this.here), memory.floats(this.variable)];
    const begun = memory.bytes(this.begun);
    for (const [k, id] of ids.entries()) {
      const isNew = begun[id] === 0;
      begun[id] = 1;
      for (let i = id * columns, j = k * columns; j < (k + 1) * columns; i++, j++) {
        const next = (isNew ? at[i]! : here[i]!) - rate * (values[j]! / count);
        here[i] = next;
        at[i] = next;
      }
    }
  }

  change(): DoublePart {
    const { memory, rows, columns, from } = this;
    const begun = memory.bytes(this.begun);
    const ids = new Uint32Array(rows).map((_, row) => row).filter((row) => begun[row] === 1);
    const here = memory.doubles(this.here);
    const values = new Float64Array(ids.length * columns);
    for (const [k, id] of ids.entries())
      for (let i = id * columns, j = k * columns; j < (k + 1) * columns; i++, j++)
        values[j] = from[i]! - here[i]!;
    return { kind: "slices", slices: { rows, columns, ids, values } };
  }

  close(): void {
    for (const one of [this.here, this.begun]) this.memory.free(one);
  }
}

type Addresses = [number, number, number];
