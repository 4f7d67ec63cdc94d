import { assert } from "../../core/errors.ts";
import type { Encoded } from "../../data/manifests.ts";
import { solvePositive } from "../../math/cholesky.ts";
import { dot } from "../../math/vector.ts";
import { workerRoles } from "../../store-effects.ts";
import type { TaskKind } from "../task-kind.ts";
import { invalidVector } from "../valid-reply.ts";
import { baseOf, type Ratings, ratingsAt, writeRow } from "./ratings.ts";
import {
  firstColumn,
  type Side,
  type SideTask,
  type Subproblems,
  subproblemsOf,
  takeUnknowns,
  unknownsOf,
} from "./sides.ts";

/** Exact solutions of the slot's small subproblems. */
export interface SubproblemSolutionsTask extends SideTask {
  readonly operation: "subproblem-solutions";
  /** Slots at which each is solved. */
  readonly copies: number;
}

/** What follows a solution: the losses before and after, and the gradient's square before. */
export const solutionExtras = 3;

/**
 * The small subproblems that one slot solves: subproblem i is solved at slots i, ..., i + copies-1
 * modulo m, so that with m - k + 1 copies any k slots solve all of them.
 */
export function solvedAt(
  encoded: Encoded,
  side: Side,
  below: number,
  slot: number,
  copies: number,
): Subproblems {
  const { workers } = encoded;
  const { members, counts } = subproblemsOf(encoded, side, 0, below);
  const own = [...members.keys()].filter(
    (i) => (slot - (i % workers) + workers) % workers < copies,
  );
  return {
    side,
    members: Uint32Array.from(own, (i) => members[i]!),
    counts: Uint32Array.from(own, (i) => counts[i]!),
  };
}

/**
 * The exact solutions (D'D + lambda I) z = D't of small subproblems, lambda = n l2, in double
 * precision from the ratings themselves: no matter which slot solves one, it is the same to the
 * last bit.
 */
export const subproblemSolutions: TaskKind<SubproblemSolutionsTask, Ratings> = {
  load: ratingsAt,
  compute(problem, ratings, task) {
    const { encoded } = ratings;
    const { side, exactBelow, copies, weights } = task;
    const { members } = solvedAt(encoded, side, exactBelow, ratings.slot, copies);
    const unknowns = unknownsOf(weights, encoded.columns);
    const stride = unknowns + solutionExtras;
    const lambda = problem.l2 * encoded.rows;
    const values = new Float32Array(members.length * stride);
    const before = new Float64Array(unknowns);
    for (const [i, member] of members.entries()) {
      const normal = normalEquations(ratings, side, member, weights);
      takeUnknowns(weights, encoded.columns, firstColumn(encoded, side) + member, before, 0);
      const gradient = gradientAt(normal, before, lambda);
      const after = solved(normal, lambda);
      values.set(after, i * stride);
      values[i * stride + unknowns] = lossAt(normal, before);
      values[i * stride + unknowns + 1] = lossAt(normal, after);
      values[i * stride + unknowns + 2] = dot(gradient, gradient);
    }
    return { loss: 0, values };
  },
  validate({ slot, side, exactBelow, copies, weights }, reply, { encoded }) {
    assert(encoded !== undefined, "subproblems are of ratings");
    const { members } = solvedAt(encoded, side, exactBelow, slot, copies);
    const each = unknownsOf(weights, encoded.columns) + solutionExtras;
    return invalidVector(reply, members.length * each);
  },
  size: { requestArrays: ({ weights }) => [weights.byteLength] },
  effects: { roles: workerRoles, reads: ["encoded", "parts"] },
};

/** D'D row-major, D't and t't. */
interface Normal {
  readonly matrix: Float64Array;
  readonly right: Float64Array;
  readonly squares: number;
}

function normalEquations(
  ratings: Ratings,
  side: Side,
  member: number,
  weights: Float32Array,
): Normal {
  const { encoded } = ratings;
  const { offsets } = ratings[side];
  const unknowns = unknownsOf(weights, encoded.columns);
  const base = baseOf(weights, encoded);
  const matrix = new Float64Array(unknowns * unknowns);
  const right = new Float64Array(unknowns);
  const row = new Float64Array(unknowns + 1);
  let squares = 0;
  for (let rating = offsets[member]!; rating < offsets[member + 1]!; rating++) {
    writeRow(ratings[side], rating, weights, encoded.columns, base, row, 0);
    const target = row[unknowns]!;
    squares += target * target;
    for (let i = 0; i < unknowns; i++) {
      right[i]! += row[i]! * target;
      for (let j = 0; j < unknowns; j++) matrix[i * unknowns + j]! += row[i]! * row[j]!;
    }
  }
  return { matrix, right, squares };
}

function solved({ matrix, right }: Normal, lambda: number): Float64Array {
  const shifted = matrix.slice();
  for (let i = 0; i < right.length; i++) shifted[i * right.length + i]! += lambda;
  return solvePositive(shifted, right.slice());
}

/** (D'D + lambda I) z - D't. */
function gradientAt({ matrix, right }: Normal, z: Float64Array, lambda: number): Float64Array {
  const { length } = z;
  return z.map(
    (value, i) =>
      dot(matrix.subarray(i * length, (i + 1) * length), z) + lambda * value - right[i]!,
  );
}

/** |Dz - t|^2 / 2. */
function lossAt({ matrix, right, squares }: Normal, z: Float64Array): number {
  const { length } = z;
  let loss = squares / 2 - dot(right, z);
  for (let i = 0; i < length; i++)
    loss += (z[i]! * dot(matrix.subarray(i * length, (i + 1) * length), z)) / 2;
  return Math.max(0, loss);
}
