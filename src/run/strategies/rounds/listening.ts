import { atSlot } from "../../../core/slot-map.ts";
import type { WorkerReply, WorkerTask } from "../../messages.ts";
import type { Listening } from "../../strategy.ts";
import { hearAll, type Loss, lossAfter, type Missing, uneventful } from "../quorum.ts";
import { damageOf } from "./damage.ts";
import { type RoundsPlan, type RoundsState, ruleOf } from "./rounds-state.ts";

/**
 * Hears the replies of a round until one may close its quorum; `asked` makes the tasks that ask
 * again for what was lost.
 */
export function listeningTo(
  plan: RoundsPlan,
  state: RoundsState,
  asked: (missing: Missing) => WorkerTask,
): Listening<RoundsState, WorkerTask, WorkerReply> | null {
  const most = state.finished ? 0 : uneventful(state.quorum, ruleOf(plan, state));
  if (most === 0) return null;
  // Numbers side by side: an object each would outlive the replies of others.
  const slots: number[] = [];
  const timesMs: number[] = [];
  const replies: WorkerReply[] = [];
  const losses = new Map<number, Loss>();
  let { heardMs } = state.quorum;
  return {
    hear(task, outcome, atMs) {
      if (slots.length >= most) return null;
      const { slot } = task;
      if (outcome.kind === "lost") {
        const givesUpMs = heardMs + plan.patienceMs;
        if (atMs >= givesUpMs) return null;
        const before = losses.get(slot) ?? atSlot(state.quorum.losses, slot);
        const loss = lossAfter(before, { task, outcome, atMs, givesUpMs });
        losses.set(slot, loss);
        return [asked({ slot, copy: 0, attempt: loss.count, notBeforeMs: loss.retryAtMs })];
      }
      if (damageOf({ task, outcome }, plan, state) !== null) return null;
      slots.push(slot);
      timesMs.push(atMs);
      replies.push(outcome.result);
      heardMs = atMs;
      return nothing;
    },
    // Below what is needed no deadline closes anything.
    wakeAtMs: () => heardMs + plan.patienceMs,
    state: () => ({ ...state, quorum: hearAll(state.quorum, { slots, timesMs, replies, losses }) }),
  };
}

const nothing: readonly WorkerTask[] = [];
