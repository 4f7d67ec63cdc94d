import { solvePositive } from "./cholesky.ts";

/** q(v) = c'v + v'Hv / 2 + sum of thresholds |v|: H row-major, positive semidefinite. */
export interface PenalisedQuadratic {
  readonly hessian: Float64Array;
  readonly linear: Float64Array;
  /** Zero where a number is free. */
  readonly thresholds: Float64Array;
}

const passesMax = 1_000;
/** What is added to each number's own curvature, as a part of it: without any, a way has no end. */
const damping = 1e-11;

/**
 * The lowest point of q, from `start`: coordinate steps let numbers in and out, and the lowest
 * point for the signs they have then is found at once, as far as no sign changes. `start` is left
 * alone. Where H is singular it is one of the lowest points.
 */
export function lowestPenalised(
  quadratic: PenalisedQuadratic,
  start: Float64Array,
): Float64Array<ArrayBuffer> {
  const at = Float64Array.from(start);
  let height = heightAt(quadratic, at);
  for (let pass = 0; pass < passesMax; pass++) {
    coordinatePass(quadratic, at);
    settleSigns(quadratic, at);
    const before = height;
    height = heightAt(quadratic, at);
    if (!(height < before)) break;
  }
  return at;
}

/** c + Hv. */
function slopesAt({ hessian, linear }: PenalisedQuadratic, at: Float64Array) {
  const slopes = Float64Array.from(linear);
  const size = at.length;
  for (let j = 0; j < size; j++) {
    const value = at[j]!;
    if (value === 0) continue;
    for (let i = 0; i < size; i++) slopes[i]! += value * hessian[j * size + i]!;
  }
  return slopes;
}

function heightAt(quadratic: PenalisedQuadratic, at: Float64Array): number {
  const { linear, thresholds } = quadratic;
  return slopesAt(quadratic, at).reduce((sum, slope, j) => {
    return sum + ((slope + linear[j]!) * at[j]!) / 2 + thresholds[j]! * Math.abs(at[j]!);
  }, 0);
}

/** Every number to where q is lowest along it, one after another. */
function coordinatePass(quadratic: PenalisedQuadratic, at: Float64Array): void {
  const { hessian, thresholds } = quadratic;
  const slopes = slopesAt(quadratic, at);
  const size = at.length;
  for (let j = 0; j < size; j++) {
    const curvature = hessian[j * size + j]!;
    if (!(curvature > 0)) continue;
    const pull = curvature * at[j]! - slopes[j]!;
    const left = Math.abs(pull) - thresholds[j]!;
    const next = left > 0 ? (Math.sign(pull) * left) / curvature : 0;
    const change = next - at[j]!;
    if (change === 0) continue;
    at[j] = next;
    for (let i = 0; i < size; i++) slopes[i]! += change * hessian[j * size + i]!;
  }
}

/**
 * To the lowest point for the signs that numbers have. Where one of them would change on the way
 * there, it stays at 0, and the way goes on without it.
 */
function settleSigns(quadratic: PenalisedQuadratic, at: Float64Array): void {
  const { hessian, thresholds } = quadratic;
  const size = at.length;
  for (;;) {
    const moving: number[] = [];
    for (let j = 0; j < size; j++)
      if (hessian[j * size + j]! > 0 && (thresholds[j] === 0 || at[j] !== 0)) moving.push(j);
    const way = newtonStep(quadratic, at, moving);
    let [part, first] = [1, -1];
    for (const [a, j] of moving.entries()) {
      if (thresholds[j] === 0 || (at[j]! + way[a]!) * at[j]! > 0) continue;
      const until = -at[j]! / way[a]!;
      if (first >= 0 && until >= part) continue;
      [part, first] = [until, j];
    }
    for (const [a, j] of moving.entries()) at[j]! += part * way[a]!;
    if (first < 0) return;
    at[first] = 0;
  }
}

/** From here to the lowest values of some numbers, all others being 0 and no sign changing. */
function newtonStep(
  quadratic: PenalisedQuadratic,
  at: Float64Array,
  moving: readonly number[],
): Float64Array {
  const { hessian, thresholds } = quadratic;
  const [size, count] = [at.length, moving.length];
  const slopes = slopesAt(quadratic, at);
  const matrix = new Float64Array(count ** 2);
  const right = new Float64Array(count);
  const units = moving.map((j) => Math.sqrt(hessian[j * size + j]!));
  for (const [a, j] of moving.entries()) {
    for (const [b, i] of moving.entries())
      matrix[a * count + b] = hessian[j * size + i]! / (units[a]! * units[b]!);
    matrix[a * count + a] = 1 + damping;
    right[a] = (-slopes[j]! - thresholds[j]! * Math.sign(at[j]!)) / units[a]!;
  }
  return solvePositive(matrix, right).map((value, a) => value / units[a]!);
}
