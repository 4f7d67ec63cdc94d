import { emptySlotMap, slotMapOf } from "../../core/slot-map.ts";
import { wholeModel } from "../../ports/model-ref.ts";
import { stream } from "../../quorum/stream.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import type { TrainingStrategy } from "../definition.ts";
import type { AsyncSgdPlan, AsyncSgdState, GradientTurn } from "./state.ts";
import { applyReply, emptyAsyncEpoch } from "./update.ts";

/**
 * Asynchronous training without a barrier: each slot always has one gradient under way, asked at
 * the newest weights of that moment, and every reply is a step at once. A slow slot holds nobody
 * up; its gradients are only staler than the others'.
 */
export function asyncSgd(plan: AsyncSgdPlan): TrainingStrategy<AsyncSgdState> {
  const gradients = stream<GradientTurn, AsyncSgdState, WorkerTask, WorkerReply>({
    patienceMs: plan.patienceMs,
    stalenessMax: plan.stalenessMax,
    start: () => started(plan),
    turn: (state, turn) => ({ ...turn, weights: Float32Array.from(state.weights) }),
    task: taskOf,
    validate: (task, reply) => invalidReply(task, reply),
    apply: (state, slot, reply, atMs) => applyReply(plan, state, slot, reply, atMs),
  });
  return {
    ...gradients,
    progress: ({ round, weights, finished }) => ({
      round,
      model: wholeModel(Float32Array.from(weights)),
      finished,
    }),
  };
}

function started(plan: AsyncSgdPlan): AsyncSgdState {
  const workers = plan.shares.storedRows.length;
  const weights = new Float32Array(plan.weightsLength);
  const turn: GradientTurn = { number: 0, version: 0, weights, losses: 0, notBeforeMs: 0 };
  return {
    round: 0,
    startedMs: 0,
    heardMs: 0,
    version: 0,
    weights: new Float64Array(plan.weightsLength),
    open: slotMapOf(Array.from({ length: workers }, (_, slot) => [slot, turn] as const)),
    known: { replies: emptySlotMap(), versions: emptySlotMap(), mean: null },
    pass: emptyAsyncEpoch(plan.weightsLength),
    trouble: null,
    finished: plan.roundsMax === 0,
  };
}

function taskOf(slot: number, { number, weights, notBeforeMs }: GradientTurn): WorkerTask {
  const id = `turn-${number}/slot-${slot}`;
  return { id, slot, round: number, weights, notBeforeMs, operation: "gradient" };
}
