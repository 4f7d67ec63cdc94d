import type { Examples } from "../math/rows.ts";
import type { LineSearchTask } from "./protocol.ts";
import type { TaskKind } from "./task-kind.ts";

/** What a line search needs of the slot's rows: see `Problem.along`. */
export const lineSearchTask: TaskKind<LineSearchTask, Examples> = {
  load: (place) => place.shard(),
  compute(problem, examples, { weights, direction, steps }) {
    return { loss: 0, values: problem.lineSearchTerms(examples, weights, direction, steps) };
  },
};
