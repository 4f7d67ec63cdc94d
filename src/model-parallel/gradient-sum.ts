import { RunError } from "../core/errors.ts";

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
  const byWeight = new Map<string, Map<number, Map<number, Float32Array>>>();
  for (const part of parts) {
    if (part.version !== version) continue;
    const uses = getOrAdd(byWeight, part.weight, () => new Map());
    getOrAdd(uses, part.use, () => new Map()).set(part.microbatch, part.slopes);
  }
  const sums = new Map<string, Float64Array>();
  for (const [weight, uses] of byWeight) {
    let total: Float64Array | null = null;
    for (const [use, slopes] of [...uses].sort(([a], [b]) => a - b)) {
      const own = new Float64Array(slopes.values().next().value!.length);
      for (let mb = 0; mb < microbatches; mb++) {
        const part = slopes.get(mb);
        if (part === undefined)
          throw new RunError(
            "missing-gradient",
            `the gradient of "${weight}" at use ${use} lacks microbatch ${mb}`,
          );
        for (let i = 0; i < own.length; i++) own[i]! += part[i]!;
      }
      if (total === null) total = own;
      else for (let i = 0; i < own.length; i++) total[i]! += own[i]!;
    }
    sums.set(weight, total!);
  }
  return sums;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = make();
  map.set(key, value);
  return value;
}
