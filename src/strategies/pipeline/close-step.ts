import type { Step } from "../../engine/strategy.ts";
import type { RoundEvent } from "../../ports/events.ts";
import type { ObjectRef } from "../../ports/object-ref.ts";
import { beforeStep } from "../../quorum/graph-nodes.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import { isSettled, slopeLeft } from "../stop-rule.ts";
import { workersOf } from "./nodes.ts";
import { replicaOf } from "./replicas.ts";
import type { StepOutputs } from "./stage-tasks.ts";
import type { PartState, PipelineState, StagesPlan } from "./state.ts";

/** All parts are updated: the step is told, and the next one begins at the new weights. */
export function closeStep(
  plan: StagesPlan,
  state: PipelineState,
  { keyOf, outputs }: StepOutputs,
  atMs: number,
): Step<PipelineState> {
  const { layout, microbatches, stepper, replicas } = plan;
  const { step, joined } = state;
  let loss = 0;
  for (const stage of layout.stages.keys())
    for (const microbatch of microbatches.keys()) {
      const replica = replicaOf(replicas, joined, microbatch);
      loss += outputs(keyOf({ pass: "backward", stage, microbatch, replica }))[0]!.loss;
    }
  const updates = layout.parts.map((_, part) => outputs(keyOf({ pass: "update", part }))[0]!);
  const gradientNorm = Math.sqrt(squaresOf(plan, updates));
  const objectiveEstimate = loss / microbatches.reduce((a, b) => a + b, 0);
  const left = slopeLeft(plan.stop, gradientNorm, objectiveEstimate);
  const event: RoundEvent = {
    type: "round",
    startedMs: state.startedMs,
    atMs,
    round: step,
    counted: countedWorkers(plan, joined),
    objectiveEstimate,
    gradientNorm,
    slopeLeft: left,
    stepSize: stepper.stepSize({ smoothness: 1, share: 1, round: step }),
    // All parts learn the same.
    ...(updates[0]?.learned === undefined ? {} : { coefficients: updates[0].learned }),
  };
  const isLast = step + 1 >= plan.roundsMax || isSettled(plan.stop, left);
  const next: PipelineState = {
    ...beforeStep,
    finished: isLast,
    step: step + 1,
    startedMs: atMs,
    parts: updates.map(partOf),
  };
  return { state: next, events: [event], durable: true };
}

/** The workers of the replicas that count, rising. */
function countedWorkers({ layout }: StagesPlan, joined: readonly number[] = [0]): number[] {
  const own = [...new Set(layout.stages.map(({ worker }) => worker))].sort((a, b) => a - b);
  return joined.flatMap((replica) => own.map((worker) => replica * workersOf(layout) + worker));
}

function partOf({ tensors, digests }: WorkerReply): PartState {
  const { weights, memory, ahead = null } = tensors as Readonly<Record<string, ObjectRef>>;
  return { weights: weights!, ahead, memory: memory!, digests: digests! };
}

/** Of the whole gradient: sums of tensors in the model's order, whatever parts they are in. */
function squaresOf({ layout }: StagesPlan, updates: readonly WorkerReply[]): number {
  const all = layout.parts.flatMap(({ tensors }, part) =>
    tensors.map(({ index }, i) => ({ index, squares: updates[part]!.values[i]! })),
  );
  all.sort((a, b) => a.index - b.index);
  return all.reduce((sum, { squares }) => sum + squares, 0);
}
