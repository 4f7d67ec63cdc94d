import { assert } from "../../core/errors.ts";
import { workerRoles } from "../../store-effects.ts";
import type { TaskKind } from "../task-kind.ts";
import { invalidVector } from "../valid-reply.ts";
import { type Ratings, ratingsAt } from "./ratings.ts";
import { encodedRows } from "./rows.ts";
import {
  countAtLeast,
  type EncodedSideTask,
  firstColumn,
  takeUnknowns,
  unknownsOf,
} from "./sides.ts";

/** Gradient and loss of each subproblem over the slot's encoded rows. */
export interface SubproblemGradientsTask extends EncodedSideTask {
  readonly operation: "subproblem-gradients";
}

/**
 * For every subproblem of a side, over the slot's encoded rows A z = t: the gradient A'(Az - t),
 * and behind it the loss |Az - t|^2 / 2.
 */
export const subproblemGradients: TaskKind<SubproblemGradientsTask, Ratings> = {
  load: ratingsAt,
  compute(_problem, ratings, task) {
    const { subproblems, width, offsets, values, weights } = encodedRows(ratings, task);
    const { members, side } = subproblems;
    const unknowns = width - 1;
    const first = firstColumn(ratings.encoded, side);
    const z = new Float64Array(unknowns);
    const sums = new Float64Array(members.length * width);
    for (const [i, member] of members.entries()) {
      takeUnknowns(task.weights, ratings.encoded.columns, first + member, z, 0);
      const to = i * width;
      for (let row = offsets[i]!; row < offsets[i + 1]!; row++) {
        const at = row * width;
        let error = -values[at + unknowns]!;
        for (let j = 0; j < unknowns; j++) error += values[at + j]! * z[j]!;
        const slope = error * weights[row]!;
        for (let j = 0; j < unknowns; j++) sums[to + j]! += slope * values[at + j]!;
        sums[to + unknowns]! += (error * slope) / 2;
      }
    }
    return { loss: 0, values: Float32Array.from(sums) };
  },
  validate({ side, exactBelow, weights }, reply, { encoded }) {
    assert(encoded !== undefined, "subproblems are of ratings");
    const each = unknownsOf(weights, encoded.columns) + 1;
    return invalidVector(reply, countAtLeast(encoded, side, exactBelow) * each);
  },
  size: { requestArrays: ({ weights }) => [weights.byteLength] },
  effects: { roles: workerRoles, reads: ["encoded", "parts"] },
};
