import { atSlot } from "../core/slot-map.ts";
import type { ReplyBatch } from "../engine/strategy.ts";
import type { Slotted } from "../ports/compute.ts";
import type { Collecting, Collection } from "./collect.ts";
import { type Loss, lossAfter, type PendingSlot, recordReplies, safeCount } from "./quorum.ts";

/**
 * Records the replies to a request until one may close its quorum; null where the first may.
 * `taskAt` makes the task that asks again for what was lost.
 */
export function collectInBatches<State extends Collecting<Reply>, Task extends Slotted, Reply>(
  of: Collection<State, Task, Reply>,
  state: State,
  taskAt: (pending: PendingSlot) => Task | null,
): ReplyBatch<State, Task, Reply> | null {
  const most = state.finished ? 0 : safeCount(state.quorum, of.rule(state));
  if (most === 0) return null;
  // Numbers side by side: an object each would outlive the replies of others.
  const slots: number[] = [];
  const timesMs: number[] = [];
  const replies: Reply[] = [];
  const losses = new Map<number, Loss>();
  let { heardMs } = state.quorum;
  return {
    record(task, outcome, atMs) {
      if (slots.length >= most) return null;
      const { slot } = task;
      if (outcome.kind === "lost") {
        const givesUpMs = heardMs + of.patienceMs;
        if (atMs >= givesUpMs || of.afterLoss !== undefined) return null;
        const before = losses.get(slot) ?? atSlot(state.quorum.losses, slot);
        const loss = lossAfter(before, { task, outcome, atMs, givesUpMs });
        losses.set(slot, loss);
        const { count: attempt, retryAtMs: notBeforeMs } = loss;
        const again = taskAt({ slot, copy: 0, attempt, notBeforeMs });
        return again === null ? nothing : [again];
      }
      const { result } = outcome;
      if (of.validate(state, task, result) !== null) return null;
      slots.push(slot);
      timesMs.push(atMs);
      replies.push(result);
      heardMs = atMs;
      return nothing;
    },
    // Below what is needed no deadline closes anything.
    wakeAtMs: () => heardMs + of.patienceMs,
    state: () => ({
      ...state,
      quorum: recordReplies(state.quorum, { slots, timesMs, replies, losses }),
    }),
  };
}

const nothing: readonly never[] = [];
