import { logisticSlopesAt, slopeAt } from "./losses";
import { Task } from "./task";

/** Groups of four rows whose sums stay in float32. */
export const flushGroups: i32 = 8;

/** From the margins of rows to their factors; those that are not there get 0. */
export function takeMargins(task: Task, i: i32, count: i32, margins: usize, factors: usize): void {
  v128.store(factors, f32x4.splat(0));
  v128.store(factors, f32x4.splat(0), 16);
  let k = 0;
  if (task.operation == 1) {
    for (; k + 1 < count; k += 2) {
      const scale = f64x2.splat(scaleAt(task, i + k));
      const scales = f64x2.replace_lane(scale, 1, scaleAt(task, i + k + 1));
      const pair = f64x2.mul(scales, v128.load(margins + (usize(k) << 3)));
      const both = f64x2.mul(scales, logisticSlopesAt(task, i + k, pair));
      v128.store64_lane(factors + (usize(k) << 2), f32x4.demote_f64x2_zero(both), 0);
    }
  }
  for (; k < count; k++) {
    const scale = scaleAt(task, i + k);
    const slope = slopeAt(task, i + k, scale * f64.load(margins + (usize(k) << 3)));
    f32.store(factors + (usize(k) << 2), f32(scale * slope));
  }
}

export function giveFactors(task: Task, i: i32, count: i32, factors: usize): void {
  v128.store(factors, f32x4.splat(0));
  v128.store(factors, f32x4.splat(0), 16);
  for (let k = 0; k < count; k++) {
    const factor = f64.load(task.margins + (usize(i + k) << 3));
    f32.store(factors + (usize(k) << 2), f32(scaleAt(task, i + k) * factor));
  }
}

function scaleAt(task: Task, i: i32): f64 {
  return task.scales == 0 ? 1 : f64(f32.load(task.scales + (usize(i) << 2)));
}
