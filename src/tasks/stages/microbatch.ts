import { randomFrom } from "../../core/random.ts";
import type { Examples } from "../../math/rows.ts";
import { gatherRows } from "../minibatch.ts";

/**
 * The rows of a microbatch: so many from a place on in the endless line of the data's rows, which
 * come an epoch after another, each epoch in an order of its own.
 */
export interface Microbatch {
  /** Its number within the step. */
  readonly microbatch: number;
  readonly from: number;
  readonly examples: number;
  /** What the orders hang on; null for the data's own in every epoch. */
  readonly seed: number | null;
}

/** A microbatch's rows, dense, one after another, and their targets. */
export interface MicrobatchRows {
  readonly values: Float32Array;
  readonly targets: Float32Array;
}

/** Gathers microbatches out of all rows; the newest epoch's order is kept. */
export function microbatchReader(
  all: Examples,
): (microbatch: Omit<Microbatch, "microbatch">) => MicrobatchRows {
  const { rows } = all.rows;
  let last: { readonly name: string; readonly order: Uint32Array } | null = null;
  const orderOf = (seed: number, epoch: number) => {
    const name = `${seed}/${epoch}`;
    if (last?.name !== name)
      last = { name, order: randomFrom(seed).fork(`epoch/${epoch}`).permutation(rows) };
    return last.order;
  };
  return ({ from, examples, seed }) => {
    const places = Array.from({ length: examples }, (_, i) => {
      const [epoch, at] = [Math.floor((from + i) / rows), (from + i) % rows];
      return seed === null ? at : orderOf(seed, epoch)[at]!;
    });
    const targets = Float32Array.from(places, (row) => all.targets[row]!);
    const picked = gatherRows(all.rows, places);
    if (picked.kind === "dense") return { values: picked.values, targets };
    const { columns, offsets, indices } = picked;
    const values = new Float32Array(examples * columns);
    for (let row = 0; row < examples; row++)
      for (let at = offsets[row]!; at < offsets[row + 1]!; at++)
        values[row * columns + indices[at]!] = picked.values[at]!;
    return { values, targets };
  };
}
