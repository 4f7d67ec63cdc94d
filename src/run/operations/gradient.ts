import type { Examples } from "../../math/rows.ts";
import type { GradientTask } from "../messages.ts";
import type { Operation } from "./operation.ts";

/** The sums of losses and gradients over the slot's rows. */
export const gradient: Operation<GradientTask, Examples> = {
  load: (place) => place.shard(),
  work(problem, examples, task) {
    const sum = new Float64Array(task.weights.length);
    const loss = problem.lossAndGradient(examples, task.weights, sum);
    return { loss, values: Float32Array.from(sum) };
  },
};
