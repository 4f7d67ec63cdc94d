import { RunError } from "../core/errors.ts";
import { type TensorPart, tensorLength } from "../math/slices/gradient-part.ts";
import { addSlices } from "../math/slices/slices.ts";

/** What one backward task says of one weight at one use. */
export interface GradientPart {
  /** Of the weights that it was computed at. */
  readonly version: number;
  readonly microbatch: number;
  /** The use's position in the canonical order. */
  readonly use: number;
  readonly weight: string;
  readonly slopes: Float32Array;
}

/** The same where rows of a matrix may be absent that are zeros. */
export interface RowedGradientPart extends Omit<GradientPart, "slopes"> {
  readonly slopes: Float32Array | TensorPart<Float32Array>;
}

/**
 * The gradient of each weight: parts are added by microbatch, then by use, in double precision, so
 * that bits depend neither on stages nor on arrival. A part that came twice counts once, a part of
 * another version not at all. Copies of a shared weight are one sum, to be reduced, clipped and
 * counted in a norm once. Throws `RunError` where a part is missing.
 */
export function sumGradients(
  parts: Iterable<GradientPart>,
  version: number,
  microbatches: number,
): ReadonlyMap<string, Float64Array> {
  const sum = gradientSum(version, microbatches);
  const distinct = new Map<string, GradientPart>();
  for (const part of parts) {
    const { weight, use, microbatch } = part;
    if (part.version === version) distinct.set(JSON.stringify([weight, use, microbatch]), part);
  }
  const sorted = [...distinct.values()].sort((a, b) => a.microbatch - b.microbatch);
  for (const part of sorted) sum.add(part);
  return sum.gradients();
}

/** A sum that takes one part at a time, those of a use by rising microbatch, and keeps none. */
export interface GradientSum {
  add(part: RowedGradientPart): void;
  /** Of each weight; to be asked once. Throws `RunError` where a part is missing. */
  gradients(): ReadonlyMap<string, Float64Array>;
}

interface UseSum {
  readonly slopes: Float64Array;
  /** Microbatches that are in it. */
  count: number;
}

/** As `sumGradients`, for whoever cannot hold all parts at once. */
export function gradientSum(version: number, microbatches: number): GradientSum {
  const byWeight = new Map<string, Map<number, UseSum>>();
  const missing = (weight: string, use: number, microbatch: number) =>
    new RunError(
      "missing-gradient",
      `the gradient of "${weight}" at use ${use} lacks microbatch ${microbatch}`,
    );
  return {
    add({ version: of, microbatch, use, weight, slopes }) {
      if (of !== version) return;
      const uses = getOrAdd(byWeight, weight, () => new Map<number, UseSum>());
      const part: TensorPart<Float32Array> =
        "kind" in slopes ? slopes : { kind: "dense", values: slopes };
      const own = getOrAdd(uses, use, () => ({
        slopes: new Float64Array(lengthOf(part)),
        count: 0,
      }));
      if (microbatch < own.count) return;
      if (microbatch > own.count) throw missing(weight, use, own.count);
      addPart(own.slopes, part);
      own.count++;
    },
    gradients() {
      const sums = new Map<string, Float64Array>();
      for (const [weight, uses] of byWeight) {
        let total: Float64Array | null = null;
        for (const [use, { slopes, count }] of [...uses].sort(([a], [b]) => a - b)) {
          if (count < microbatches) throw missing(weight, use, count);
          // The first use's sum becomes that of all: parts may be large.
          if (total === null) total = slopes;
          else for (let i = 0; i < slopes.length; i++) total[i]! += slopes[i]!;
        }
        sums.set(weight, total!);
      }
      return sums;
    },
  };
}

function lengthOf(part: TensorPart): number {
  if (part.kind === "dense") return part.values.length;
  const { rows, columns } = part.slices;
  return tensorLength({ shape: [rows, columns] });
}

/** Rows that are absent are zeros, which change no sum that begins with them. */
function addPart(sum: Float64Array, part: TensorPart): void {
  if (part.kind === "slices") addSlices(sum, 0, 1, part.slices);
  else for (let i = 0; i < sum.length; i++) sum[i]! += part.values[i]!;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const before = map.get(key);
  if (before !== undefined) return before;
  const value = make();
  map.set(key, value);
  return value;
}
