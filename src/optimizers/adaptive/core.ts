import type { TensorSpec } from "../../math/vector.ts";
export type Flat = Float64Array<ArrayBuffer>;

/** What a method remembers: plain data, so that it is a checkpoint as it stands. */
export interface CoreState<Slot extends string = string, Name extends string = string> {
  /** Steps taken. */
  readonly step: number;
  /** One number a weight, by name. */
  readonly slots: Readonly<Record<Slot, Flat>>;
  /** Numbers of the whole. */
  readonly numbers: Readonly<Record<Name, Flat>>;
}

/**
 * The arithmetic of a method on flat vectors, shared by runs and by TensorFlow.js. Laws (tested):
 * a step changes the arrays of state and weights in place and nothing else; all it knows is in the
 * state and in what it is handed, so equal bits lead to equal bits.
 */
export interface Core<Slot extends string = string, Name extends string = string> {
  start(length: number): Pick<CoreState<Slot, Name>, "slots" | "numbers">;
  /** `state.step` counts the steps before this one. */
  step(state: CoreState<Slot, Name>, here: Here): void;
  /** Sums over weights that a step needs of all; of some of them, by their part of the state. */
  sums?(state: CoreState<Slot, Name>, gradient: Flat): Flat;
  /** The gradient is asked ahead of the weights, at a point that the step moves as well. */
  readonly asksAhead?: true;
  /** Every number by itself: a step of some numbers alone is the step of all, at these. */
  readonly isElementwise?: true;
  /** It remembers nothing: a number without a gradient stays as it is. */
  readonly forgets?: true;
  /** It shrinks weights itself. */
  readonly decays?: true;
  /** The part of the step's rate that a tensor decays at, or all weights as one; 1 where absent. */
  decayShare?(piece: TensorSpec | undefined): number;
  /** What it learned while it trained, by name. */
  learned?(state: CoreState<Slot, Name>): Readonly<Record<string, number>>;
}

export interface Here {
  readonly weights: Flat;
  /** The point the gradient belongs to; the weights themselves unless the core asks ahead. */
  readonly asked: Flat;
  /** As it came; a step goes along `scale` times this. */
  readonly gradient: Flat;
  /** 1, or below it where the gradient is longer than allowed. */
  readonly scale: number;
  readonly rate: number;
  readonly weightDecay: number;
  /** Absent: one vector. */
  readonly tensors?: readonly TensorSpec[] | undefined;
  /** What the core's `sums` of all weights add up to, where these are a part of them. */
  readonly sums?: Flat | undefined;
}

/** A method with its options chosen. */
export interface UpdateRule {
  readonly core: Core;
  /** The learning rate of a step, counted from 0. */
  rateAt(step: number): number;
  /** The longest gradient; none where absent. */
  readonly clip?: number | undefined;
  readonly weightDecay: number;
  /** Rows of tables without a gradient stay as they are, their moments too. */
  readonly lazy?: boolean | undefined;
}

export const beforeFirst: CoreState = { step: 0, slots: {}, numbers: {} };

/** Zeros for every slot. */
export function zeros<Slot extends string>(
  length: number,
  ...names: readonly Slot[]
): Record<Slot, Flat> {
  const entries = names.map((name) => [name, new Float64Array(length)]);
  return Object.fromEntries(entries) as Record<Slot, Flat>;
}

export function copied({ step, slots, numbers }: CoreState): CoreState {
  const copies = (arrays: Readonly<Record<string, Flat>>) =>
    Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()]));
  return { step, slots: copies(slots), numbers: copies(numbers) };
}

/**
 * Clips, decays, steps: weights, the point ahead and the state's arrays change in place. Of a part
 * of all weights, `sums` are what `tensorSums` of all tensors add up to.
 */
export function advance(
  { core, clip, weightDecay }: UpdateRule,
  before: CoreState,
  here: Omit<Here, "scale" | "weightDecay">,
): CoreState {
  const { weights, gradient, rate, tensors, sums } = here;
  const isEmpty = before.step === 0 || Object.keys(before.slots).length === 0;
  const state = isEmpty ? { step: before.step, ...core.start(weights.length) } : before;
  const scale = clip === undefined ? 1 : clipScale(sums?.[0] ?? squares(gradient), clip);
  if (weightDecay > 0 && core.decays !== true)
    decay(weights, rate * weightDecay, tensors, core.decayShare?.bind(core));
  core.step(state, { ...here, sums: sums?.subarray(1), scale, weightDecay });
  return { ...state, step: state.step + 1 };
}

/** Of each tensor: its gradient's sum of squares, and what the core needs to have summed. */
export function tensorSums(
  { core }: UpdateRule,
  state: CoreState,
  gradient: Flat,
  tensors: readonly TensorSpec[],
): Flat[] {
  let start = 0;
  return tensors.map(({ shape }) => {
    const end = start + shape.reduce((product, side) => product * side, 1);
    const [from, to] = [start, end];
    const slots = Object.entries(state.slots).map(([name, all]) => [name, all.slice(from, to)]);
    const own = gradient.slice(from, to);
    const more = core.sums?.({ ...state, slots: Object.fromEntries(slots) }, own) ?? [];
    start = end;
    return Float64Array.of(squares(own), ...more);
  });
}

export function squares(gradient: Flat): number {
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!;
  return sum;
}

export function clipScale(sum: number, longest: number): number {
  const length = Math.sqrt(sum);
  return length > longest ? longest / length : 1;
}

/** Decoupled weight decay; vectors (biases, gains) are left alone where the shapes are known. */
export function decay(
  weights: Flat,
  share: number,
  tensors: readonly TensorSpec[] | undefined,
  partOf: (piece: TensorSpec | undefined) => number = () => 1,
): void {
  let start = 0;
  for (const piece of tensors ?? [undefined]) {
    const { shape } = piece ?? { shape: [weights.length, 1] };
    const end = start + shape.reduce((product, side) => product * side, 1);
    const keep = 1 - share * partOf(piece);
    if (shape.length >= 2) for (let i = start; i < end; i++) weights[i]! *= keep;
    start = end;
  }
}
