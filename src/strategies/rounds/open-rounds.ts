import { RunError } from "../../core/errors.ts";
import { optimizers } from "../../optimizers/registry.ts";
import {
  type ReductionBounds,
  type ReductionForecast,
  reductionForecasts,
} from "../../quorum/reduction.ts";
import { type RunSpec, workerMemoryMb } from "../../spec/run-spec.ts";
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
  const { reduction } = reductionsOf(spec, plan.weightsLength).find(({ isChosen }) => isChosen)!;
  return trainingStrategy(reducedRounds(plan, reduction));
}

/** Of a function that holds no gradient, its runtime among it. */
const residentBytes = 200 * 1024 * 1024;

/**
 * What star, tree and scatter would take a round, one of them chosen; empty for a spec whose
 * gradients no functions add up. Gradients are taken for dense: told by rows they are never more.
 */
export function reductionsOf(
  spec: RunSpec,
  weightsLength: number,
  goal: NonNullable<ReductionBounds["goal"]> = "seconds",
): readonly ReductionForecast[] {
  const { reduction, workers } = spec;
  if (reduction === undefined) return [];
  const bytes = Float32Array.BYTES_PER_ELEMENT * weightsLength;
  const memoryBytesMax = workerMemoryMb(spec) * 1024 * 1024 - residentBytes;
  return reductionForecasts(reduction, { workers, bytes }, { memoryBytesMax, goal });
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
