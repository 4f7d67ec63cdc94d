import { isFiniteVector } from "../../math/vector.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { noNumbers } from "../../tasks/valid-reply.ts";
import type { RoundsPlan } from "./state.ts";

/**
 * Why asking again would not help: the loss of a network that is no number any more is none for
 * whoever computes it. Null where it is a number, and for problems whose losses always are.
 */
export function divergenceOf(
  { problem }: Pick<RoundsPlan, "problem">,
  task: WorkerTask,
  { loss, values, payload }: WorkerReply,
  invalid: string,
): string | null {
  if (problem.parameters === undefined) return null;
  if (payload !== undefined && invalid !== noNumbers) return null;
  if (payload === undefined && Number.isFinite(loss) && isFiniteVector(values)) return null;
  return (
    `the loss of slot ${task.slot} in round ${task.round} is ${loss}, its gradient no numbers: ` +
    "the steps before it were too large (lower the optimizer's rate)"
  );
}
