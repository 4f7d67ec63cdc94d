import { atSlot, type SlotMap } from "../../core/slot-map.ts";
import type { Encoded } from "../../data/manifests.ts";
import type { Encoding } from "../../encoding/encoding.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import {
  codesOf,
  type Side,
  type Subproblems,
  subproblemsOf,
} from "../../tasks/subproblems/sides.ts";

/** The subproblems of one side that rounds solve, and what each slot stores of each. */
export interface CodedSubproblems extends Subproblems {
  readonly encoding: Encoding;
  /** Stored rows of every slot, a subproblem after another. */
  readonly storedRows: readonly (readonly number[])[];
}

/** Codes hang on nothing but the seed, so that the orchestrator knows what workers store. */
export function codedSubproblemsOf(
  encoding: Encoding,
  encoded: Encoded,
  side: Side,
  { exactBelow, bank }: { readonly exactBelow: number; readonly bank: number },
): CodedSubproblems {
  const subproblems = subproblemsOf(encoded, side, exactBelow, Number.POSITIVE_INFINITY);
  const storedRows = Array.from(subproblems.members, (member, i) => {
    const stored = new Array<number>(encoded.workers).fill(0);
    for (const { code } of codesOf(encoding, encoded, side, member, subproblems.counts[i]!, bank))
      for (const slot of code.slots) stored[slot]! += 1;
    return stored;
  });
  return { ...subproblems, encoding, storedRows };
}

/** Sums over each subproblem's ratings as some slots' replies estimate them. */
export interface SubproblemSums {
  /** `width` numbers a subproblem; zeros where nothing is known. */
  readonly values: Float64Array<ArrayBuffer>;
  readonly known: Uint8Array;
}

/** Each subproblem is weighed by what the slots store of it. Null where none can be estimated. */
export function subproblemSumsOf(
  bank: CodedSubproblems,
  replies: SlotMap<WorkerReply>,
  slots: readonly number[],
  width: number,
): SubproblemSums | null {
  const { members, counts, encoding, storedRows } = bank;
  const values = new Float64Array(members.length * width);
  const known = new Uint8Array(members.length);
  const heard = slots.map((slot) => atSlot(replies, slot)!.values);
  for (let i = 0; i < members.length; i++) {
    const weights = encoding.weights(slots, storedRows[i]!, counts[i]!);
    if (weights === null) continue;
    known[i] = 1;
    for (const [j, weight] of weights.entries()) {
      if (weight === 0) continue;
      const from = heard[j]!;
      for (let at = i * width; at < (i + 1) * width; at++) values[at]! += weight * from[at]!;
    }
  }
  return known.includes(1) ? { values, known } : null;
}

/** Whether these slots allow an estimate of any subproblem. */
export function anyIsDecodable(
  { encoding, counts, storedRows }: CodedSubproblems,
  slots: readonly number[],
): boolean {
  return storedRows.some((stored, i) => encoding.weights(slots, stored, counts[i]!) !== null);
}

/** The part of a subproblem's stored rows that these slots hold. */
export function rowShareAt(
  bank: CodedSubproblems,
  index: number,
  slots: readonly number[],
): number {
  const stored = bank.storedRows[index]!;
  let all = 0;
  let seen = 0;
  for (const rows of stored) all += rows;
  for (const slot of slots) seen += stored[slot]!;
  return seen / all;
}
