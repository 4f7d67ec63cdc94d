import { assert } from "../../core/errors.ts";
import { workerRoles } from "../../store-effects.ts";
import type { TaskKind } from "../task-kind.ts";
import { invalidVector } from "../valid-reply.ts";
import { type Ratings, ratingsAt } from "./ratings.ts";
import { encodedRows } from "./rows.ts";
import { countAtLeast, type EncodedSideTask } from "./sides.ts";

/** What an exact line search of each subproblem needs. */
export interface SubproblemCurvaturesTask extends EncodedSideTask {
  readonly operation: "subproblem-curvatures";
  /** One direction a subproblem. */
  readonly direction: Float32Array<ArrayBuffer>;
}

/** For every subproblem of a side, over the slot's encoded rows: |A d|^2. */
export const subproblemCurvatures: TaskKind<SubproblemCurvaturesTask, Ratings> = {
  load: ratingsAt,
  compute(_problem, ratings, task) {
    const { subproblems, width, offsets, values, weights } = encodedRows(ratings, task);
    const unknowns = width - 1;
    const sums = new Float64Array(subproblems.members.length);
    for (let i = 0; i < sums.length; i++) {
      for (let row = offsets[i]!; row < offsets[i + 1]!; row++) {
        let change = 0;
        for (let j = 0; j < unknowns; j++)
          change += values[row * width + j]! * task.direction[i * unknowns + j]!;
        sums[i]! += weights[row]! * change * change;
      }
    }
    return { loss: 0, values: sums };
  },
  validate({ side, exactBelow }, reply, { encoded }) {
    assert(encoded !== undefined, "subproblems are of ratings");
    return invalidVector(reply, countAtLeast(encoded, side, exactBelow));
  },
  size: {
    requestArrays: ({ weights, direction }) => [weights.byteLength, direction.byteLength],
  },
  effects: { roles: workerRoles, reads: ["encoded", "parts"] },
};
