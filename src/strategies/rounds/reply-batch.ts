import { atSlot } from "../../core/slot-map.ts";
import type { ReplyBatch } from "../../engine/strategy.ts";
import {
  type Loss,
  lossAfter,
  type PendingSlot,
  recordReplies,
  safeCount,
} from "../../quorum/quorum.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { type RoundsPlan, type RoundsState, ruleOf } from "./state.ts";
import { invalidReply } from "./validate-reply.ts";

/**
 * Hears the replies of a round until one may close its quorum; `asked` makes the tasks that ask
 * again for what was lost.
 */
export function replyBatch(
  plan: RoundsPlan,
  state: RoundsState,
  asked: (missing: PendingSlot) => WorkerTask,
): ReplyBatch<RoundsState, WorkerTask, WorkerReply> | null {
  const most = state.finished ? 0 : safeCount(state.quorum, ruleOf(plan, state));
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
      if (invalidReply({ task, outcome }, plan, state) !== null) return null;
      slots.push(slot);
      timesMs.push(atMs);
      replies.push(outcome.result);
      heardMs = atMs;
      return nothing;
    },
    // Below what is needed no deadline closes anything.
    wakeAtMs: () => heardMs + plan.patienceMs,
    state: () => ({
      ...state,
      quorum: recordReplies(state.quorum, { slots, timesMs, replies, losses }),
    }),
  };
}

const nothing: readonly WorkerTask[] = [];
