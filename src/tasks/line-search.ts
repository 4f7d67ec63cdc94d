import { assert } from "../core/errors.ts";
import type { Examples } from "../math/rows.ts";
import { workerRoles } from "../store-effects.ts";
import type { RoundTask, TaskKind } from "./task-kind.ts";
import { invalidSums } from "./valid-reply.ts";

/** What a line search along `direction` needs of the shard. */
export interface LineSearchTask extends RoundTask {
  readonly operation: "along";
  readonly direction: Float32Array<ArrayBuffer>;
  readonly steps: Float64Array<ArrayBuffer>;
}

/** What a line search needs of the slot's rows: see `Problem.along`. */
export const lineSearchTask: TaskKind<LineSearchTask, Examples> = {
  load: (place) => place.shard(),
  compute(problem, examples, { weights, direction, steps }) {
    return { loss: 0, values: problem.lineSearchTerms(examples, weights, direction, steps) };
  },
  validate(task, reply, { isQuadratic }) {
    assert(isQuadratic !== undefined, "line searches are along losses of a known shape");
    return invalidSums(reply, lengthOf(task, isQuadratic));
  },
  size: {
    requestArrays: ({ weights, direction, steps }) => [
      weights.byteLength,
      direction.byteLength,
      steps.byteLength,
    ],
    replyBytes: (task, isQuadratic) => Float64Array.BYTES_PER_ELEMENT * lengthOf(task, isQuadratic),
  },
  effects: { roles: workerRoles, reads: ["encoded", "parts"] },
};

/** A curvature, or a loss for every step. */
function lengthOf({ steps }: LineSearchTask, isQuadratic: boolean): number {
  return isQuadratic ? 1 : steps.length;
}
