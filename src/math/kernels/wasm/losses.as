import { compiledLogOnePlus } from "./exponentials";
import { Task } from "./task";

/** The sum of losses of the rows since it was set to 0. */
export let lossSum: f64 = 0;

export function beginLoss(): void {
  lossSum = 0;
}

/**
 * Takes row i's margin x'w; what the row is to be multiplied by in the gradient. For margins alone
 * it only notes the margin.
 */
export function slopeAt(task: Task, i: i32, margin: f64): f64 {
  const at = usize(i);
  if (task.operation == 2) {
    f64.store(task.margins + (at << 3), margin);
    return 0;
  }
  const target = f64(f32.load(task.targets + (at << 2)));
  const count = task.counts == 0 ? 1 : f64(f32.load(task.counts + (at << 2)));
  if (task.operation == 0) {
    const residual = margin - target;
    lossSum += count * (residual * residual * 0.5);
    return count * residual;
  }
  // Of -|margin|: the exponential does not overflow.
  const e = NativeMath.exp(-abs(margin));
  lossSum += count * (max(margin, 0) + NativeMath.log1p(e) - target * margin);
  return count * ((margin >= 0 ? 1 / (1 + e) : e / (1 + e)) - target);
}

/** As `slopeAt` of rows i and i + 1, of a logistic loss, to the same bits. */
export function logisticSlopesAt(task: Task, i: i32, margins: v128): v128 {
  const at = usize(i) << 2;
  const targets = f64x2.promote_low_f32x4(v128.load64_zero(task.targets + at));
  const size = f64x2.abs(margins);
  const first = NativeMath.exp(-f64x2.extract_lane(size, 0));
  const e = f64x2.replace_lane(
    f64x2.splat(first),
    1,
    NativeMath.exp(-f64x2.extract_lane(size, 1)),
  );
  const one = f64x2.splat(1);
  const isPositive = f64x2.ge(margins, f64x2.splat(0));
  const chance = f64x2.div(v128.bitselect(one, e, isPositive), f64x2.add(one, e));
  const softplus = f64x2.add(f64x2.pmax(margins, f64x2.splat(0)), compiledLogOnePlus(e));
  let losses = f64x2.sub(softplus, f64x2.mul(targets, margins));
  let slopes = f64x2.sub(chance, targets);
  if (task.counts != 0) {
    const counts = f64x2.promote_low_f32x4(v128.load64_zero(task.counts + at));
    losses = f64x2.mul(losses, counts);
    slopes = f64x2.mul(slopes, counts);
  }
  lossSum += f64x2.extract_lane(losses, 0);
  lossSum += f64x2.extract_lane(losses, 1);
  return slopes;
}
