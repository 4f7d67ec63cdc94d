import { reused } from "../../math/reused.ts";
import type { Examples } from "../../math/rows.ts";
import type { GradientTask } from "../messages.ts";
import type { Operation } from "./operation.ts";

const room = reused();

/** The sums of losses and gradients over the slot's rows. */
export const gradient: Operation<GradientTask, Examples> = {
  load: (place) => place.shard(),
  work(problem, examples, task, hold = (values) => new Float32Array(values)) {
    const sum = room(task.weights.length).fill(0);
    const loss = problem.lossAndGradient(examples, task.weights, sum);
    return { loss, values: hold(sum) };
  },
};
