import { exponential, logOnePlus } from "./exponentials";

/** log(1 + exp(z)) - t z of two z, without overflow. */
@inline
function losses(z: v128, target: v128): v128 {
  return lossesBy(exponential(f64x2.neg(f64x2.abs(z))), z, target);
}

/** The same, told exp(-|z|). */
@inline
function lossesBy(e: v128, z: v128, target: v128): v128 {
  const softplus = f64x2.add(f64x2.pmax(z, f64x2.splat(0)), logOnePlus(e));
  return f64x2.sub(softplus, f64x2.mul(target, z));
}

/**
 * Adds, for each of `pairs` pairs of steps, the losses of all rows at margin + step change to its
 * sum, in the rows' order. Margins, changes, steps and sums are doubles, targets float32.
 */
export function lossesAlong(
  margins: usize,
  changes: usize,
  targets: usize,
  rows: i32,
  steps: usize,
  pairs: i32,
  sums: usize,
): void {
  const end = usize(pairs) << 4;
  for (let i = 0; i < rows; i++) {
    const row = usize(i) << 3;
    const margin = v128.load64_splat(margins + row);
    const change = v128.load64_splat(changes + row);
    const target = f64x2.splat(f64(f32.load(targets + (row >> 1))));
    for (let at: usize = 0; at < end; at += 16) {
      const z = f64x2.add(margin, f64x2.mul(v128.load(steps + at), change));
      v128.store(sums + at, f64x2.add(v128.load(sums + at), losses(z, target)));
    }
  }
}

/** The losses of all rows at their margins, added to `sum` in the rows' order. */
export function lossesAt(margins: usize, targets: usize, rows: i32, sum: f64): f64 {
  let i = 0;
  for (; i + 1 < rows; i += 2) {
    const pair = v128.load64_zero(targets + (usize(i) << 2));
    const both = losses(v128.load(margins + (usize(i) << 3)), f64x2.promote_low_f32x4(pair));
    sum += f64x2.extract_lane(both, 0);
    sum += f64x2.extract_lane(both, 1);
  }
  if (i == rows) return sum;
  const last = f64x2.splat(f64.load(margins + (usize(i) << 3)));
  const target = f64x2.splat(f64(f32.load(targets + (usize(i) << 2))));
  return sum + f64x2.extract_lane(losses(last, target), 0);
}

/** As `lossesAt`; writes each loss's slope in its margin to `slopes`; an odd row has room for another. */
export function lossesAndSlopesAt(
  margins: usize,
  targets: usize,
  slopes: usize,
  rows: i32,
  sum: f64,
): f64 {
  for (let i = 0; i < rows; i += 2) {
    const at = usize(i) << 3;
    const z = v128.load(margins + at);
    const target = f64x2.promote_low_f32x4(v128.load64_zero(targets + (at >> 1)));
    const e = exponential(f64x2.neg(f64x2.abs(z)));
    const one = f64x2.splat(1);
    const isUp = f64x2.ge(z, f64x2.splat(0));
    const chance = f64x2.div(v128.bitselect(one, e, isUp), f64x2.add(one, e));
    v128.store(slopes + at, f64x2.sub(chance, target));
    const both = lossesBy(e, z, target);
    sum += f64x2.extract_lane(both, 0);
    if (i + 1 < rows) sum += f64x2.extract_lane(both, 1);
  }
  return sum;
}
