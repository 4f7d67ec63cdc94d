import { blockUpdate } from "./block-update.ts";
import { clippedGradientSum } from "./clipped-gradient-sum.ts";
import { consensusStep } from "./consensus-step.ts";
import { gradient } from "./gradient.ts";
import { lineSearchTask } from "./line-search.ts";
import { localStepsTask } from "./local-steps.ts";
import { noisyAggregate } from "./noisy-aggregate.ts";
import type { WorkerTask } from "./protocol.ts";
import { subproblemCurvatures, subproblemGradients } from "./subproblems/gradients.ts";
import { subproblemSolutions } from "./subproblems/solutions.ts";
import type { TaskKind, TaskOutput } from "./task-kind.ts";

type Asked<Name> = Extract<WorkerTask, { operation: Name }>;

/** What `load` makes is what the same operation's `work` takes; the table forgets what it is. */
const operations: { readonly [Name in WorkerTask["operation"]]: TaskKind<Asked<Name>, unknown> } = {
  gradient: opaque(gradient),
  along: opaque(lineSearchTask),
  block: opaque(blockUpdate),
  "local-steps": opaque(localStepsTask),
  "node-round": opaque(consensusStep),
  "clipped-sum": opaque(clippedGradientSum),
  "noised-sum": opaque(noisyAggregate),
  "subproblem-gradients": opaque(subproblemGradients),
  "subproblem-curvatures": opaque(subproblemCurvatures),
  "subproblem-solutions": opaque(subproblemSolutions),
};

/** The operation that a task asks for; undefined for a name from another version of the code. */
export function taskKindOf(task: WorkerTask): TaskKind<WorkerTask, unknown> | undefined {
  if (!Object.hasOwn(operations, task.operation)) return undefined;
  return operations[task.operation] as TaskKind<WorkerTask, unknown>;
}

function opaque<Task, Material, Input, Made extends TaskOutput>(
  one: TaskKind<Task, Material, Input, Made>,
): TaskKind<Task, unknown> {
  return one as unknown as TaskKind<Task, unknown>;
}
