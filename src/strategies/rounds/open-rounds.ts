import { RunError } from "../../core/errors.ts";
import { optimizers } from "../../optimizers/registry.ts";
import { chooseReduction } from "../../quorum/reduction.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import {
  type Members,
  type StrategyContext,
  type TrainingStrategy,
  trainingStrategy,
} from "../definition.ts";
import { reducedRounds } from "./reduced.ts";
import type { RoundsPlan } from "./state.ts";
import { rounds } from "./strategy.ts";

/** By the orchestrator's sums, or where the spec says so by those of functions. */
export function openRounds({ spec }: StrategyContext, plan: RoundsPlan): TrainingStrategy {
  if (spec.reduction === undefined) return trainingStrategy(rounds(plan));
  const workers = plan.shares.storedRows.length;
  const bytes = 4 * plan.weightsLength;
  return trainingStrategy(reducedRounds(plan, chooseReduction(spec.reduction, workers, bytes)));
}

/** Sums of functions are of rows as they are, of gradients alone. */
export function refuseReduction(spec: RunSpec, { problem }: Members, isExact: boolean): void {
  const optimizer = optimizers.create(spec.optimizer);
  const why = optimizer.searches
    ? `optimizer ${spec.optimizer.type} looks at every reply`
    : isExact
      ? "exact looks at every reply"
      : isAdaptive(spec)
        ? "this wait policy learns from replies"
        : problem.l1 > 0
          ? `${spec.problem.type} has an l1 penalty`
          : ["uncoded", "replication"].includes(spec.encoding.type)
            ? null
            : `encoding ${spec.encoding.type} is decoded by the orchestrator`;
  if (why === null) return;
  throw new RunError("bad-combination", `reduction: ${why}`, {
    hint: "leave reduction out, or choose an optimizer with a learning rate and encoding: uncoded",
  });
}

function isAdaptive({ wait }: RunSpec): boolean {
  return typeof wait === "object" ? "adaptive" in wait : wait === "adaptive";
}
