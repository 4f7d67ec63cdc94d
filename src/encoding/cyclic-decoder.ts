import { assert } from "../core/errors.ts";
import { dot } from "../math/vector.ts";
import type { CyclicCode } from "./cyclic-code.ts";

/**
 * Decodes exactly: `decode(arrived)` is the least a with a'B = 1 that is 0 for whoever is missing,
 * s slots at most. All solutions are one of them plus the kernel, so doing without some slots is a
 * system of s equations: which part of the kernel cancels their weights.
 */
export function exactDecoder(code: CyclicCode): (arrived: readonly number[]) => Float64Array {
  const { slots, stragglers } = code;
  const kernel = orthonormal(code.kernel);
  const least = code.solution.slice();
  for (let turn = 0; turn < 2; turn++) for (const n of kernel) addTo(least, -dot(n, least), n);
  return (arrived) => {
    assert(arrived.length >= slots - stragglers, "fewer slots cannot give the exact sum");
    const arrivedSet = new Set(arrived);
    const missing = [...least.keys()].filter((slot) => !arrivedSet.has(slot));
    const weights = least.slice();
    // What one turn leaves of the missing slots' weights the others cancel.
    for (let turn = 0; turn < 3; turn++) cancel(weights, missing, kernel);
    for (const slot of missing) weights[slot] = 0;
    return weights;
  };
}

/** 1 - B'a, part by part. */
export function residual(
  { slots, stragglers, coefficients }: CyclicCode,
  weights: Float64Array,
): Float64Array {
  const rest = new Float64Array(slots).fill(1);
  const width = stragglers + 1;
  for (let i = 0; i < slots; i++)
    for (let t = 0; t < width; t++)
      rest[(i + t) % slots]! -= weights[i]! * coefficients[i * width + t]!;
  return rest;
}

/** Another basis of what these span. Two turns make it orthogonal to the last bits. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const vector of vectors) {
    let next = vector.slice();
    for (let turn = 0; turn < 2; turn++) {
      for (const n of basis) addTo(next, -dot(n, next), n);
      const length = Math.sqrt(dot(next, next));
      next = next.map((value) => value / length);
    }
    basis.push(next);
  }
  return basis;
}

/** Adds the least part of the kernel that makes `weights` zero at the missing slots. */
function cancel(
  weights: Float64Array,
  missing: readonly number[],
  kernel: readonly Float64Array[],
): void {
  const size = missing.length;
  if (size === 0) return;
  // With K the missing slots' rows of the kernel: z = -K'(KK')^-1 a.
  const system = new Float64Array(size * (size + 1));
  for (const [i, a] of missing.entries()) {
    for (const [j, b] of missing.entries())
      system[i * (size + 1) + j] = kernel.reduce((sum, n) => sum + n[a]! * n[b]!, 0);
    system[i * (size + 1) + size] = -weights[a]!;
  }
  const multipliers = solved(system, size);
  for (const n of kernel) {
    const amount = missing.reduce((sum, slot, i) => sum + multipliers[i]! * n[slot]!, 0);
    addTo(weights, amount, n);
  }
}

/** Solves the row-major `size` by `size + 1` system by elimination with pivots; overwrites it. */
function solved(system: Float64Array, size: number): Float64Array {
  const width = size + 1;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(system[row * width + column]!) > Math.abs(system[pivot * width + column]!))
        pivot = row;
    for (let j = 0; j < width; j++) {
      const held = system[column * width + j]!;
      system[column * width + j] = system[pivot * width + j]!;
      system[pivot * width + j] = held;
    }
    for (let row = column + 1; row < size; row++) {
      const factor = system[row * width + column]! / system[column * width + column]!;
      for (let j = column; j < width; j++)
        system[row * width + j]! -= factor * system[column * width + j]!;
    }
  }
  const x = new Float64Array(size);
  for (let row = size - 1; row >= 0; row--) {
    let sum = system[row * width + size]!;
    for (let j = row + 1; j < size; j++) sum -= system[row * width + j]! * x[j]!;
    x[row] = sum / system[row * width + row]!;
  }
  return x;
}

function addTo(to: Float64Array, factor: number, from: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i]! += factor * from[i]!;
}
