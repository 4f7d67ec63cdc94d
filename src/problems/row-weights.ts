import type * as z from "zod";
import type { Definition } from "../core/registry.ts";
import type { Examples, Rows } from "../math/rows.ts";
import { addScaled } from "../math/vector.ts";
import { isLazy, lineSearchTermsOfMixtures, lossAndGradientOfMixtures } from "./lazy-mixtures.ts";
import type { Problem } from "./problem.ts";

/**
 * A problem whose sums take each row as often as `Examples.weights` says, and mixtures that nobody
 * formed as if they were. Rows that count alike and stand together are one sum of the problem's
 * own, so a problem need not know of either.
 */
function honouringWeights(problem: Problem): Problem {
  return {
    ...problem,
    lossAndGradient(examples, weights, gradient, random) {
      if (isLazy(examples)) return lossAndGradientOfMixtures(problem, examples, weights, gradient);
      if (examples.weights === undefined || weighsAlone(problem, examples))
        return problem.lossAndGradient(examples, weights, gradient, random);
      let loss = 0;
      for (const { weight, group } of groupsOf(examples)) {
        const own = new Float64Array(gradient.length);
        loss += weight * problem.lossAndGradient(group, weights, own, random);
        addScaled(gradient, weight, own);
      }
      return loss;
    },
    lineSearchTerms(examples, weights, direction, steps) {
      if (isLazy(examples)) return lineSearchTermsOfMixtures(problem, examples, direction);
      if (examples.weights === undefined || weighsAlone(problem, examples))
        return problem.lineSearchTerms(examples, weights, direction, steps);
      let sums: Float64Array<ArrayBuffer> | undefined;
      for (const { weight, group } of groupsOf(examples)) {
        const own = problem.lineSearchTerms(group, weights, direction, steps);
        sums = addScaled(sums ?? new Float64Array(own.length), weight, own);
      }
      return sums ?? problem.lineSearchTerms(examples, weights, direction, steps);
    },
  };
}

/** Of more groups than this, a problem that can weighs each row itself; see `weighsRows`. */
const groupsMax = 32;

function weighsAlone({ weighsRows }: Problem, { weights }: Examples): boolean {
  if (weighsRows !== true) return weighsRows === "together";
  let groups = 1;
  for (let i = 1; i < weights!.length; i++)
    if (weights![i] !== weights![i - 1] && ++groups > groupsMax) return true;
  return false;
}

/** A member of the family that honours weights and mixtures. */
export function withRowWeights<Shape extends z.ZodRawShape>(
  member: Definition<Shape, Problem>,
): Definition<Shape, Problem> {
  return { ...member, create: (options) => honouringWeights(member.create(options)) };
}

interface Group {
  readonly weight: number;
  readonly group: Examples;
}

/** Whoever keeps something with rows finds the same rows again in every round. */
const groupCache = new WeakMap<Examples, readonly Group[]>();

function groupsOf(examples: Examples): readonly Group[] {
  const groups = groupCache.get(examples) ?? [...runs(examples)];
  groupCache.set(examples, groups);
  return groups;
}

function* runs({ rows, targets, weights }: Examples): Generator<Group> {
  let from = 0;
  for (let to = 1; to <= targets.length; to++) {
    if (to < targets.length && weights![to] === weights![from]) continue;
    const group = { rows: between(rows, from, to), targets: targets.subarray(from, to) };
    yield { weight: weights![from]!, group };
    from = to;
  }
}

/** Rows `from` to `to`, in the same memory. */
function between(rows: Rows, from: number, to: number): Rows {
  if (rows.kind === "dense") {
    const values = rows.values.subarray(from * rows.columns, to * rows.columns);
    return { ...rows, rows: to - from, values };
  }
  const start = rows.offsets[from]!;
  const end = rows.offsets[to]!;
  return {
    ...rows,
    rows: to - from,
    values: rows.values.subarray(start, end),
    indices: rows.indices.subarray(start, end),
    offsets: rows.offsets.subarray(from, to + 1).map((offset) => offset - start),
  };
}
