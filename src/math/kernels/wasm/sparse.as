import { beginLoss, lossSum, slopeAt } from "./losses";
import { Task } from "./task";

/** One stripe of sparse rows, row by row in double precision, as the plain products do it. */
export function sparseStripe(task: Task, stripe: i32): void {
  const from = stripe * task.stripeRows;
  const to = min(from + task.stripeRows, task.rows);
  const sums = task.sums + ((usize(stripe) * usize(task.columns)) << 3);
  memory.fill(sums, 0, usize(task.columns) << 3);
  beginLoss();
  for (let i = from; i < to; i++) {
    const begin = usize(load<u32>(task.offsets + (usize(i) << 2))) << 2;
    const end = usize(load<u32>(task.offsets + (usize(i) << 2), 4)) << 2;
    let slope: f64 = 0;
    if (task.operation == 3) {
      slope = f64.load(task.margins + (usize(i) << 3));
    } else {
      let margin: f64 = 0;
      for (let at = begin; at < end; at += 4) {
        const column = usize(load<u32>(task.indices + at));
        margin += f64(f32.load(task.values + at)) * f64(f32.load(task.weights + (column << 2)));
      }
      slope = slopeAt(task, i, margin);
    }
    if (slope == 0) continue;
    for (let at = begin; at < end; at += 4) {
      const sum = sums + (usize(load<u32>(task.indices + at)) << 3);
      f64.store(sum, f64.load(sum) + f64(f32.load(task.values + at)) * slope);
    }
  }
  f64.store(task.losses + (usize(stripe) << 3), lossSum);
}
