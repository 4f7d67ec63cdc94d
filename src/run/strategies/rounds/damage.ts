import { isFiniteVector } from "../../../math/vector.ts";
import type { Outcome } from "../../../ports/compute.ts";
import type { WorkerReply, WorkerTask } from "../../messages.ts";
import type { RoundsPlan, RoundsState } from "./rounds-state.ts";

/** Why a reply is as good as lost: the wrong length, or numbers that are none. Null for sound. */
export function damageOf(
  { task, outcome }: { task: WorkerTask; outcome: Outcome<WorkerReply> },
  plan: RoundsPlan,
  state: RoundsState,
): string | null {
  if (outcome.kind === "lost") return null;
  const { loss, values } = outcome.result;
  const along = plan.problem.mixable ? 1 : (state.search?.steps.length ?? 0);
  const length = task.operation === "gradient" ? plan.weightsLength : along;
  if (values.length !== length) return `its reply has ${values.length} numbers, not ${length}`;
  const isSound = Number.isFinite(loss) && isFiniteVector(values);
  return isSound ? null : "its reply holds numbers that are none";
}
