import type { SubproblemCurvaturesTask, SubproblemGradientsTask } from "../protocol.ts";
import type { TaskKind } from "../task-kind.ts";
import { type Ratings, ratingsAt } from "./ratings.ts";
import { encodedRows } from "./rows.ts";
import { firstColumn, takeUnknowns } from "./sides.ts";

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
};

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
};
