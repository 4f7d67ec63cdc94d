import { forEachSlot, type SlotMap } from "../../core/slot-map.ts";
import type { RunEvent } from "../../ports/events.ts";
import { noMisses, observeParticipation, type Participation } from "../straggler-detector.ts";
import type { Wait } from "./wait.ts";

/** When one quorum is complete. Plain data, part of the state it belongs to. */
export interface WaitRule {
  /** Below this many replies nothing moves. */
  readonly needed: number;
  /** With this many it closes at once. */
  readonly enough: number;
  /** After this long it closes as soon as `needed` are there. */
  readonly deadlineMs: number;
  /** It closes at this multiple of the time that the `needed`-th reply took, if that is earlier. */
  readonly stretch?: number;
  /** It closes with fewer than `needed` when nothing has come for too long; absent: never. */
  readonly desertion?: StarvationRule;
  /** Slots that take far longer than others get a copy of their task. */
  readonly copies?: BackupRule;
}

export interface BackupRule {
  readonly workers: number;
  /** So many replies must be there first. */
  readonly afterReplies: number;
  /** A task is copied when it runs longer than this multiple of the replies' median. */
  readonly factor: number;
  /** No task that has run for less is copied. */
  readonly minimumMs: number;
}

export interface StarvationRule {
  /** Too long is this multiple of the time that the last reply took. */
  readonly factor: number;
  /** And at least this. */
  readonly minimumMs: number;
}

/**
 * Whom rounds wait for: a rule for every quorum, and what is learned from one for the next. Laws
 * (tested over all members): pure; memory is plain data; `needed` <= `enough` <= workers; times
 * come from arrivals alone, so a replay learns the same.
 *
 * As a rule it is that of its first quorum, for strategies that learn nothing.
 */
export interface WaitPolicy<Memory extends object = object> extends WaitRule {
  readonly inWords: string;
  readonly workers: number;
  /** Wants `Closed.gradient`, which costs a pass over the replies. */
  readonly wantsGradient: boolean;
  start(): Memory;
  /** `absent` are the persistent stragglers. */
  rule(memory: Memory, absent: readonly number[]): WaitRule;
  observe(memory: Memory, closed: ClosedQuorum): Memory;
}

/** What a quorum was when it closed. */
export interface ClosedQuorum {
  readonly startedMs: number;
  readonly atMs: number;
  /** In the order of arrival: 0 for the first. */
  readonly arrivals: SlotMap<ReplyArrival>;
  readonly rule: WaitRule;
  /** Null where gradients were not asked for. */
  readonly gradient: GradientFacts | null;
}

export interface ReplyArrival {
  readonly slot: number;
  readonly atMs: number;
}

export interface GradientFacts {
  /** The estimate that the round moved by, penalty included. */
  readonly values: Float64Array<ArrayBuffer>;
  /**
   * V: the variance of the slots' own estimates about their mean. The mean of k of m slots has
   * variance V (1/k - 1/m).
   */
  readonly variance: number;
}

/** For how many workers, and how much of the data is stored how often. */
export interface QuorumSize {
  readonly workers: number;
  /** What these are, where they are no single workers. */
  readonly called?: string;
  readonly redundancy: number;
  /** Training takes curvature from the slots that two rounds share. */
  readonly overlaps?: boolean;
}

/** Forgets the type of its memory: whoever uses it only hands it back. */
export function policy<Memory extends object>(one: WaitPolicy<Memory>): WaitPolicy {
  return one as unknown as WaitPolicy;
}

/** One kind of policy, as a spec names it. */
export interface WaitMember {
  readonly name: string;
  /** Null where `wait` names another one. */
  create(wait: Wait, size: QuorumSize): WaitPolicy | null;
}

/** A policy that learns nothing: one rule for every quorum. */
export function fixed(rule: WaitRule, workers: number, inWords: string): WaitPolicy {
  return {
    ...rule,
    inWords,
    workers,
    wantsGradient: false,
    start: () => ({}),
    rule: () => rule,
    observe: (memory) => memory,
  };
}

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
  const memory = policy.observe(before.memory, closed);
  const waiting = { rule: policy.rule(memory, participation.absent), participation, memory };
  const [was, is] = [before.participation.absent, participation.absent];
  const events: RunEvent[] = [];
  const tell = (slots: readonly number[], what: string) => {
    if (slots.length === 0) return;
    const message = `slot${slots.length > 1 ? "s" : ""} ${slots.join(", ")}: ${what}`;
    events.push({ type: "warning", atMs: closed.atMs, message });
  };
  const without = (all: readonly number[], some: readonly number[]) => {
    const excluded = new Set(some);
    return all.filter((slot) => !excluded.has(slot));
  };
  tell(without(is, was), "persistently late, left out of nearly all of the last 20 quorums");
  tell(without(was, is), "no longer persistently late");
  return { waiting, events };
}
