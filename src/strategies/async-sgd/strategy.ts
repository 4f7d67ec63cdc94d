import { atSlot, emptySlotMap, slotMapOf, slotsOf, withSlot } from "../../core/slot-map.ts";
import { nextTryMs } from "../../engine/backoff.ts";
import type { Step } from "../../engine/strategy.ts";
import { isFiniteVector } from "../../math/vector.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import type { TrainingStrategy } from "../definition.ts";
import type { AsyncSgdPlan, AsyncSgdState, GradientTurn } from "./state.ts";
import { applyReply, emptyAsyncEpoch } from "./update.ts";

/**
 * Asynchronous training without a barrier: each slot always has one gradient under way, asked at
 * the newest weights of that moment, and every reply is a step at once. A slow slot holds nobody
 * up; its gradients are only staler than the others'.
 */
export function asyncSgd(plan: AsyncSgdPlan): TrainingStrategy<AsyncSgdState> {
  const workers = plan.shares.storedRows.length;
  return {
    start() {
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
        firstNorm: 0,
        finished: plan.roundsMax === 0,
      };
    },
    progress: ({ round, weights, finished }) => ({
      round,
      weights: Float32Array.from(weights),
      finished,
    }),
    wanted({ open, finished }) {
      return finished ? [] : slotsOf(open).map((slot) => taskOf(slot, atSlot(open, slot)!));
    },
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      if (arrival.kind === "tick") return { state, ...silence(plan, state, atMs) };
      const { task, outcome } = arrival;
      if (outcome.kind === "lost") return again(plan, state, task, outcome, atMs);
      const damage = damageOf(plan, outcome.result);
      if (damage !== null)
        return { ...again(plan, state, task, { reason: damage }, atMs), refused: damage };
      const refused = tooStale(plan, state, task.slot);
      if (refused !== null) {
        const step = onwards({ ...state, trouble: refused }, task.slot);
        return { ...step, refused, ...silence(plan, state, atMs) };
      }
      const next = applyReply(plan, { ...state, heardMs: atMs }, task.slot, outcome.result, atMs);
      return next.state.finished ? next : { ...next, ...onwards(next.state, task.slot) };
    },
    resume(state, atMs) {
      const weights = Float32Array.from(state.weights);
      const open = slotMapOf(
        slotsOf(state.open).map((slot) => {
          const { number } = atSlot(state.open, slot)!;
          const { version } = state;
          return [slot, { number: number + 1, version, weights, losses: 0, notBeforeMs: 0 }];
        }),
      );
      return { ...state, startedMs: atMs, heardMs: atMs, open };
    },
    wakeAtMs: ({ heardMs }) => heardMs + plan.patienceMs,
  };
}

function taskOf(slot: number, { number, weights, notBeforeMs }: GradientTurn): WorkerTask {
  const id = `turn-${number}/slot-${slot}`;
  return { id, slot, round: number, weights, notBeforeMs, operation: "gradient" };
}

/** Why a reply is as good as lost: the wrong length, or numbers that are none. Null for sound. */
function damageOf({ weightsLength }: AsyncSgdPlan, { loss, values }: WorkerReply): string | null {
  if (values.length !== weightsLength)
    return `its reply has ${values.length} numbers, not ${weightsLength}`;
  const isSound = Number.isFinite(loss) && isFiniteVector(values);
  return isSound ? null : "its reply holds numbers that are none";
}

function tooStale(
  { stalenessMax }: AsyncSgdPlan,
  { open, version }: AsyncSgdState,
  slot: number,
): string | null {
  const staleness = version - atSlot(open, slot)!.version;
  if (staleness <= stalenessMax) return null;
  return `its weights were ${staleness} steps old, more than ${stalenessMax}`;
}

/** The slot's next turn, at the newest weights. */
function onwards(
  state: AsyncSgdState,
  slot: number,
): Pick<Step<AsyncSgdState, WorkerTask>, "state" | "settled" | "besides"> {
  const { number } = atSlot(state.open, slot)!;
  const weights = Float32Array.from(state.weights);
  const turn = { number: number + 1, version: state.version, weights, losses: 0, notBeforeMs: 0 };
  const open = withSlot(state.open, slot, turn);
  return { state: { ...state, open }, settled: true, besides: [taskOf(slot, turn)] };
}

/** After a loss the slot is asked anew, later each time. */
function again(
  plan: AsyncSgdPlan,
  state: AsyncSgdState,
  { id, slot }: WorkerTask,
  { reason: trouble, retryAfterMs }: { readonly reason: string; readonly retryAfterMs?: number },
  atMs: number,
): Step<AsyncSgdState, WorkerTask> {
  const losses = atSlot(state.open, slot)!.losses + 1;
  const { state: next } = onwards({ ...state, trouble }, slot);
  const givesUpMs = state.heardMs + plan.patienceMs;
  const notBeforeMs = nextTryMs({ task: id, losses, atMs, askedMs: retryAfterMs, givesUpMs });
  const turn = { ...atSlot(next.open, slot)!, losses, notBeforeMs };
  const open = withSlot(next.open, slot, turn);
  const besides = [taskOf(slot, turn)];
  return { state: { ...next, open }, settled: true, besides, ...silence(plan, next, atMs) };
}

/** Why it will not go on, once nothing of use was heard for the patience. */
function silence(
  { patienceMs }: AsyncSgdPlan,
  { heardMs, trouble }: AsyncSgdState,
  atMs: number,
): { readonly stuck?: string } {
  if (atMs < heardMs + patienceMs) return {};
  const last = trouble === null ? "" : ` (last: ${trouble})`;
  return { stuck: `no reply of use for ${patienceMs / 1000} s${last}` };
}
