import { assert } from "../../core/errors.ts";
import { presentValues } from "../../math/slices/gradient-part.ts";
import type { ParameterSpec } from "../../math/vector.ts";
import { gradientSum } from "../../model-parallel/gradient-sum.ts";
import type { PartUses } from "../../model-parallel/pipeline-layout.ts";
import type { WorkerContext } from "../task-kind.ts";
import { freeArrays } from "./garbage.ts";
import { type HandedSlopes, openSlopes } from "./handed-tensor.ts";
import { readSlopes } from "./part-slopes.ts";

type Doubles = Float64Array<ArrayBuffer>;

/** What all backward passes of a step told of a part of the weights. */
export interface PartSlopes {
  /** The part's tensors, one after another. */
  readonly tensors: readonly ParameterSpec[];
  /** Which slopes each stage tells of them. */
  readonly uses: readonly PartUses[];
  /** Examples of each microbatch. */
  readonly examples: readonly number[];
  /** By stage and, within it, by microbatch. */
  readonly slopes: readonly VersionedSlopes[];
}

export interface VersionedSlopes {
  /** The step whose weights they were computed at. */
  readonly version: number;
  readonly slopes: HandedSlopes;
}

/**
 * The mean gradient over the step's examples; of tensors that are observed the mean of what was
 * seen. Slopes are added by microbatch, then by use, so that bits depend neither on stages nor on
 * what came first. Reads one object after another: memory holds one besides the sums.
 */
export async function readGradient(
  place: WorkerContext,
  step: number,
  { tensors, uses, examples, slopes }: PartSlopes,
): Promise<Doubles> {
  assert(slopes.length === uses.length * examples.length, "every backward pass tells slopes");
  const count = examples.reduce((a, b) => a + b, 0);
  const gradient = new Float64Array(lengthOf(tensors));
  const parts = tensorViews(tensors, gradient);
  const sum = gradientSum(step, examples.length);
  const lastUses = lastUsesOf(uses);
  for (const [at, { version, slopes: all }] of slopes.entries()) {
    const { tensors: places, positions } = uses[Math.floor(at / examples.length)]!;
    const microbatch = at % examples.length;
    freeArrays();
    const told = await openSlopes(place, all);
    const each = readSlopes(
      told,
      places.map((tensor) => tensors[tensor]!),
    );
    for (const [i, tensor] of places.entries()) {
      const own = each[i]!;
      const use = positions[i]!;
      if (tensors[tensor]!.observed !== true)
        sum.add({ version, microbatch, use, weight: String(tensor), slopes: own });
      else if (use === lastUses.get(tensor))
        addShare(parts[tensor]!, examples[microbatch]! / count, presentValues(own));
    }
  }
  const sums = sum.gradients();
  for (const [tensor, own] of parts.entries()) {
    if (tensors[tensor]!.observed === true) continue;
    const total = sums.get(String(tensor));
    assert(total !== undefined, "every tensor has slopes");
    for (let i = 0; i < own.length; i++) own[i] = total[i]! / count;
  }
  return gradient;
}

/** A layer that is used several times has seen what its last use saw. */
function lastUsesOf(uses: readonly PartUses[]): ReadonlyMap<number, number> {
  const last = new Map<number, number>();
  for (const { tensors, positions } of uses)
    for (const [i, tensor] of tensors.entries())
      last.set(tensor, Math.max(last.get(tensor) ?? 0, positions[i]!));
  return last;
}

function addShare(sum: Float64Array, share: number, values: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += share * values[i]!;
}

const sizeOf = ({ shape }: ParameterSpec) => shape.reduce((a, b) => a * b, 1);

export function lengthOf(tensors: readonly ParameterSpec[]): number {
  return tensors.reduce((sum, one) => sum + sizeOf(one), 0);
}

/** Each tensor's numbers, where they stand. */
export function tensorViews<T extends Float32Array | Float64Array>(
  tensors: readonly ParameterSpec[],
  values: T,
): T[] {
  let at = 0;
  return tensors.map((one) => {
    const own = values.subarray(at, at + sizeOf(one)) as T;
    at += own.length;
    return own;
  });
}

/** What no optimizer is to see, taken out of the gradient. */
export function withoutObserved(tensors: readonly ParameterSpec[], gradient: Doubles): Doubles {
  if (tensors.every(({ observed }) => observed !== true)) return gradient;
  const rest = gradient.slice();
  for (const [tensor, own] of tensorViews(tensors, rest).entries())
    if (tensors[tensor]!.observed === true) own.fill(0);
  return rest;
}

/** What was seen takes the place of what was observed. */
export function putObserved(
  tensors: readonly ParameterSpec[],
  gradient: Float64Array,
  weights: Float32Array,
): void {
  const seen = tensorViews(tensors, gradient);
  for (const [tensor, own] of tensorViews(tensors, weights).entries())
    if (tensors[tensor]!.observed === true) own.set(seen[tensor]!);
}
