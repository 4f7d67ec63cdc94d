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
