import type { Examples } from "../math/rows.ts";
import type { Problem } from "../problems/problem.ts";
import type { WorkerReply, WorkerTask } from "./messages.ts";

/** What a worker computes: pure, without any I/O. The same examples and task give the same bits. */
export function work(
  problem: Problem,
  examples: Examples,
  task: WorkerTask,
): Omit<WorkerReply, "computeMs"> {
  if (task.operation === "along") {
    const values = problem.along(examples, task.weights, task.direction, task.steps);
    return { loss: 0, values };
  }
  const gradient = new Float64Array(task.weights.length);
  const loss = problem.lossAndGradient(examples, task.weights, gradient);
  return { loss, values: Float32Array.from(gradient) };
}
