import type { WorkerTask } from "../messages.ts";
import { along } from "./along.ts";
import { block } from "./block.ts";
import { clippedSum } from "./clipped-sum.ts";
import { gradient } from "./gradient.ts";
import { localSteps } from "./local-steps.ts";
import { nodeRound } from "./node-round.ts";
import { noisedSum } from "./noised-sum.ts";
import type { Answer, Operation } from "./operation.ts";
import { subproblemCurvatures, subproblemGradients } from "./subproblem-gradients.ts";
import { subproblemSolutions } from "./subproblem-solutions.ts";

type Asked<Name> = Extract<WorkerTask, { operation: Name }>;

/** What `load` makes is what the same operation's `work` takes; the table forgets what it is. */
const operations: { readonly [Name in WorkerTask["operation"]]: Operation<Asked<Name>, unknown> } =
  {
    gradient: opaque(gradient),
    along: opaque(along),
    block: opaque(block),
    "local-steps": opaque(localSteps),
    "node-round": opaque(nodeRound),
    "clipped-sum": opaque(clippedSum),
    "noised-sum": opaque(noisedSum),
    "subproblem-gradients": opaque(subproblemGradients),
    "subproblem-curvatures": opaque(subproblemCurvatures),
    "subproblem-solutions": opaque(subproblemSolutions),
  };

/** The operation that a task asks for; undefined for a name from another version of the code. */
export function operationOf(task: WorkerTask): Operation<WorkerTask, unknown> | undefined {
  if (!Object.hasOwn(operations, task.operation)) return undefined;
  return operations[task.operation] as Operation<WorkerTask, unknown>;
}

function opaque<Task, Material, Input, Made extends Answer>(
  one: Operation<Task, Material, Input, Made>,
): Operation<Task, unknown> {
  return one as unknown as Operation<Task, unknown>;
}
