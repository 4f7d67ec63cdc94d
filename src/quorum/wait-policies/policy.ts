import type { SlotMap } from "../../core/slot-map.ts";
import type { WaitRule } from "./rule.ts";
import type { Wait } from "./wait.ts";

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
  learn(memory: Memory, closed: ClosedQuorum): Memory;
}

/** What a quorum was when it closed. */
export interface ClosedQuorum {
  readonly startedMs: number;
  readonly atMs: number;
  /** In the order of arrival: 0 for the first. */
  readonly arrivals: SlotMap<QuorumReplies>;
  readonly rule: WaitRule;
  /** Null where gradients were not asked for. */
  readonly gradient: GradientFacts | null;
}

export interface QuorumReplies {
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
  create(wait: Wait, crowd: QuorumSize): WaitPolicy | null;
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
    learn: (memory) => memory,
  };
}
