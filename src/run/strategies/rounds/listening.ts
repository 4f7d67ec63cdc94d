import type { WorkerReply, WorkerTask } from "../../messages.ts";
import type { Listening } from "../../strategy.ts";
import { hearAll, uneventful } from "../quorum.ts";
import { damageOf } from "./damage.ts";
import { type RoundsPlan, type RoundsState, ruleOf } from "./rounds-state.ts";

/** Hears the sound replies of a round until one may close its quorum. */
export function listeningTo(
  plan: RoundsPlan,
  state: RoundsState,
): Listening<RoundsState, WorkerTask, WorkerReply> | null {
  const most = state.finished ? 0 : uneventful(state.quorum, ruleOf(plan, state));
  if (most === 0) return null;
  // Numbers side by side: an object each would outlive the replies of others.
  const slots: number[] = [];
  const timesMs: number[] = [];
  const replies: WorkerReply[] = [];
  let heardMs = state.quorum.heardMs;
  return {
    hear(task, outcome, atMs) {
      if (slots.length >= most || outcome.kind === "lost") return false;
      if (damageOf({ task, outcome }, plan, state) !== null) return false;
      slots.push(task.slot);
      timesMs.push(atMs);
      replies.push(outcome.result);
      heardMs = atMs;
      return true;
    },
    // Below what is needed no deadline closes anything.
    wakeAtMs: () => heardMs + plan.patienceMs,
    state: () => ({ ...state, quorum: hearAll(state.quorum, slots, timesMs, replies) }),
  };
}
