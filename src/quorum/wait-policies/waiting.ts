import { forEachSlot } from "../../core/slot-map.ts";
import type { RunEvent } from "../../ports/events.ts";
import { noMisses, observeParticipation, type Participation } from "../straggler-detector.ts";
import type { ClosedQuorum, WaitPolicy } from "./policy.ts";
import type { WaitRule } from "./rule.ts";

/** What a run has learned about waiting: part of its state, so that it survives checkpoints. */
export interface WaitState {
  /** For the quorum that is open. */
  readonly rule: WaitRule;
  readonly participation: Participation;
  readonly memory: object;
}

export function initialWaitState(policy: WaitPolicy): WaitState {
  const memory = policy.start();
  const participation = noMisses(policy.workers);
  return { rule: policy.rule(memory, []), participation, memory };
}

/** After a quorum has closed: the rule for the next, and warnings about persistent stragglers. */
export function observeQuorum(
  policy: WaitPolicy,
  before: WaitState,
  closed: ClosedQuorum,
): { readonly waiting: WaitState; readonly events: readonly RunEvent[] } {
  const present: number[] = [];
  forEachSlot(closed.arrivals, (_order, { slot }) => present.push(slot));
  const participation = observeParticipation(before.participation, present);
  const memory = policy.learn(before.memory, closed);
  const waiting = { rule: policy.rule(memory, participation.absent), participation, memory };
  const [was, is] = [before.participation.absent, participation.absent];
  const events: RunEvent[] = [];
  const tell = (slots: readonly number[], what: string) => {
    if (slots.length === 0) return;
    const message = `slot${slots.length > 1 ? "s" : ""} ${slots.join(", ")}: ${what}`;
    events.push({ type: "warning", atMs: closed.atMs, message });
  };
  const without = (all: readonly number[], some: readonly number[]) => {
    const known = new Set(some);
    return all.filter((slot) => !known.has(slot));
  };
  tell(without(is, was), "persistently late, left out of nearly all of the last 20 quorums");
  tell(without(was, is), "no longer persistently late");
  return { waiting, events };
}
