import type { Prepared } from "../data/manifests.ts";
import type { Store } from "../ports/store.ts";
import type { ReductionForecast } from "../quorum/reduction.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { reductionsOf } from "../strategies/rounds/open-rounds.ts";
import type { Choice, Goal } from "./candidate.ts";
import { choose } from "./choose.ts";
import { specWith } from "./configuration.ts";
import { latenessModelOf } from "./lateness.ts";
import type { Machine } from "./machine.ts";
import { sampleOf, shapeOf } from "./sample.ts";
import { type RunFigures, timeModelOf } from "./time-model.ts";
import { type DataShape, isTimed } from "./workload.ts";

/** What is proposed, and everything it was held against. */
export interface ProposedPlan {
  /** The spec with nothing left to choose. */
  readonly spec: RunSpec;
  readonly choice: Choice;
  /** What the chosen setting takes until it stops. */
  readonly figures: RunFigures;
  readonly data: DataShape;
  /** Rows that were rehearsed with. */
  readonly sampleRows: number;
  /** Who might add gradients up, and who does; empty where the orchestrator does. */
  readonly reductions: readonly ReductionForecast[];
}

/** Numbers of the rows that are rehearsed with; every setting goes through them some 100 times. */
const sampleEntriesMax = 1_000_000;

/** Forecasts a spec, and chooses what it leaves open. Starts nothing. */
export async function proposePlan(
  spec: RunSpec,
  from: { readonly prepared: Prepared; readonly store: Store },
  machine: Machine,
  goal: Goal = "seconds",
): Promise<ProposedPlan> {
  const { prepared, store } = from;
  const sample = await sampleOf(prepared, store, machine.scratch(), sampleEntriesMax);
  const data = shapeOf(spec, prepared, sample.entriesPerRow);
  const auto = spec.auto ?? [];
  const choice = await choose({ spec, auto, goal, sample, data, machine });
  const settled = withReduction(specWith(spec, choice.chosen.setting), data, goal);
  const known = { ...machine, fates: latenessModelOf(machine.lateness) };
  const told = isTimed(settled)
    ? timeModelOf(settled, data, known, Math.max(1, choice.chosen.roundsToStop), "told")
    : choice.chosen.clock;
  const figures = told.at(choice.chosen.roundsToStop);
  const reductions = reductionsOf(settled, data.weightsLength, goal);
  return { spec: settled, choice, figures, data, sampleRows: sample.prepared.rows, reductions };
}

/** With the reduction that `auto` comes to. */
function withReduction(spec: RunSpec, { weightsLength }: DataShape, goal: Goal): RunSpec {
  const chosen = reductionsOf(spec, weightsLength, goal).find(({ isChosen }) => isChosen);
  if (spec.reduction === undefined || chosen === undefined) return spec;
  return { ...spec, reduction: { ...spec.reduction, type: chosen.reduction.type } };
}
