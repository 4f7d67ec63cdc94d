import type { Examples } from "../../math/rows.ts";
import type { AlongTask } from "../messages.ts";
import type { Operation } from "./operation.ts";

/** What a line search needs of the slot's rows: see `Problem.along`. */
export const along: Operation<AlongTask, Examples> = {
  load: (place) => place.shard(),
  work(problem, examples, { weights, direction, steps }) {
    return { loss: 0, values: problem.along(examples, weights, direction, steps) };
  },
};
