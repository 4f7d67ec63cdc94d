import { isFiniteVector } from "../../math/vector.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import type { RoundsPlan, RoundsState } from "./state.ts";

/**
 * Why asking again would not help: the loss of a network that is no number any more is none for
 * whoever computes it. Null where it is a number, and for problems whose losses always are.
 */
export function divergenceOf(
  { problem }: RoundsPlan,
  task: WorkerTask,
  { loss, values }: WorkerReply,
): string | null {
  if (problem.parameters === undefined) return null;
  if (Number.isFinite(loss) && isFiniteVector(values)) return null;
  return (
    `the loss of slot ${task.slot} in round ${task.round} is ${loss}, its gradient no numbers: ` +
    "the steps before it were too large (lower the optimizer's rate)"
  );
}

/** Why a reply is as good as lost: the wrong length, or numbers that are none. Null for sound. */
export function invalidReply(
  plan: RoundsPlan,
  state: RoundsState,
  task: WorkerTask,
  { loss, values }: WorkerReply,
): string | null {
  const along = plan.problem.isQuadratic ? 1 : (state.search?.steps.length ?? 0);
  const length = task.operation === "gradient" ? plan.weightsLength : along;
  if (values.length !== length) return `its reply has ${values.length} numbers, not ${length}`;
  const isSound = Number.isFinite(loss) && isFiniteVector(values);
  return isSound ? null : "its reply holds numbers that are none";
}
