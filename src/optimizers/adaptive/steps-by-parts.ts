import {
  joinPresent,
  type PresentRows,
  presentLength,
  presentPlaces,
  presentRows,
  splitPresent,
  takeAt,
} from "../../math/slices/present.ts";
import { unionOfIds } from "../../math/slices/slices.ts";
import type { TensorSpec } from "../../math/vector.ts";
import type { PartsMoved, PartsStanding } from "../optimizer.ts";
import { type CoreState, clipScale, decay, type Flat, squares, type UpdateRule } from "./core.ts";

/** A state that remembers something of some rows only: of all others as if they were never seen. */
interface LazyState extends CoreState {
  /** Of what the slots tell; absent before the first step. */
  readonly present?: PresentRows;
}

/** Numbers without a gradient do not move, so a step goes through those that have one alone. */
export function isByRows({ core, lazy, weightDecay }: UpdateRule): boolean {
  if (core.isElementwise !== true) return false;
  return lazy === true || (core.forgets === true && weightDecay === 0);
}

/** Why a step moves numbers without a gradient as well. */
export function movesAllBecause({ core, weightDecay }: UpdateRule): "decay" | "momentum" | "whole" {
  if (core.isElementwise !== true) return "whole";
  return weightDecay > 0 ? "decay" : "momentum";
}

/**
 * A step of the numbers that a gradient tells of: what a step of all numbers does at these, to the
 * bit. Clipping is by the norm of the whole gradient, which absent rows do not change.
 */
export function stepByParts(
  { core, clip, weightDecay }: UpdateRule,
  memory: CoreState,
  { weights, parts, stepSize: rate, tensors }: PartsStanding,
): PartsMoved<CoreState> {
  const rows = presentRows(parts);
  const here = takeAt(weights, presentPlaces(rows, tensors));
  const gradient = joinPresent(parts);
  const own = tensors.map((piece, i) => withRows(piece, rows[i] ?? null));
  const scale = clip === undefined ? 1 : clipScale(squares(gradient), clip);
  if (weightDecay > 0 && core.decays !== true) decay(here, rate * weightDecay, own);
  const step = { weights: here, asked: here, gradient, scale, rate, weightDecay, tensors: own };
  const next = { step: memory.step + 1, slots: {}, numbers: {} };
  if (core.forgets === true) {
    core.step({ step: memory.step, ...core.start(here.length) }, step);
    return { memory: next, parts: splitPresent(here, parts) };
  }
  const state = widened(core.start(0).slots, memory, rows, tensors);
  const within = placesWithin(state.present, rows, tensors);
  const taken = entriesOf(state.slots, (slot) => takeAt(slot, within));
  core.step({ step: memory.step, slots: taken, numbers: memory.numbers }, step);
  for (const [name, slot] of Object.entries(state.slots))
    for (let i = 0; i < within.length; i++) slot[within[i]!] = taken[name]![i]!;
  return { memory: { ...next, ...state }, parts: splitPresent(here, parts) };
}

type Slots = Readonly<Record<string, Flat>>;

/** The slots of all rows that were ever told of, zeros for those that are new. */
function widened(
  empty: Slots,
  memory: LazyState,
  rows: PresentRows,
  tensors: readonly TensorSpec[],
): { readonly slots: Slots; readonly present: PresentRows } {
  // A state of another kind of step tells of all numbers, one before the first of none.
  const none = (ids: Uint32Array | null) => (memory.step === 0 ? ids && new Uint32Array(0) : null);
  const { present: before = rows.map(none) } = memory;
  const present = rows.map((ids, i) => {
    const old = before[i] ?? null;
    return ids === null || old === null ? null : unionOfIds([old, ids]);
  });
  const length = presentLength(present, tensors);
  if (memory.step === 0)
    return { present, slots: entriesOf(empty, () => new Float64Array(length)) };
  const within = placesWithin(present, before, tensors);
  const slots = entriesOf(memory.slots, (slot) => {
    const wider = new Float64Array(length);
    for (let i = 0; i < within.length; i++) wider[within[i]!] = slot[i]!;
    return wider;
  });
  return { present, slots };
}

function entriesOf(slots: Slots, make: (slot: Flat) => Flat): Slots {
  return Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, make(slot)]));
}

/** Where the numbers of some rows stand among those of more rows. */
function placesWithin(
  all: PresentRows,
  some: PresentRows,
  tensors: readonly TensorSpec[],
): Uint32Array {
  const ranks = some.map((ids, i) => {
    const larger = all[i] ?? null;
    if (ids === null || larger === null) return ids;
    let at = 0;
    return Uint32Array.from(ids, (id) => {
      while (larger[at]! < id) at++;
      return at;
    });
  });
  return presentPlaces(
    ranks,
    tensors.map((piece, i) => withRows(piece, all[i] ?? null)),
  );
}

/** The tensor that some rows of a table are. */
function withRows(piece: TensorSpec, ids: Uint32Array | null): TensorSpec {
  return ids === null ? piece : { ...piece, shape: [ids.length, ...piece.shape.slice(1)] };
}
