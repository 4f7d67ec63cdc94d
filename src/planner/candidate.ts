import { meanOf } from "../math/statistics.ts";
import type { Configuration } from "./configuration.ts";
import type { Target } from "./target.ts";
import type { RunFigures, TimeModel } from "./time-model.ts";

/** What is to be least. */
export type Goal = "seconds" | "dollars";

/** One setting that was considered. */
export interface Candidate {
  readonly setting: Configuration;
  readonly clock: TimeModel;
  /** Until the target is reached; where it was not rehearsed, if it took no more rounds. */
  readonly toTarget: RunFigures;
  /** Rounds to the target in each rehearsal; empty where there was none, or it missed. */
  readonly tried: readonly number[];
  /** Rounds to the target, usually; null where it was not rehearsed or does not get there. */
  readonly rounds: number | null;
  /** Rounds until it stops by itself or by `stop.rounds`. */
  readonly roundsToStop: number;
  readonly verdict: CandidateVerdict;
}

export type CandidateVerdict =
  /** Nothing is known yet. */
  | { readonly kind: "open" }
  | { readonly kind: "chosen" }
  /** It gets there, later or dearer than the chosen one. */
  | { readonly kind: "behind" }
  /** It cannot be ahead, even with no more rounds than waiting for all. */
  | { readonly kind: "hopeless" }
  /** It ends so many tolerances above the reference. */
  | { readonly kind: "misses"; readonly miss: number }
  /** As before, going by settings like it instead of a rehearsal. */
  | { readonly kind: "expected-to-miss"; readonly miss: number }
  | { readonly kind: "too-large"; readonly bytes: number }
  | { readonly kind: "stuck"; readonly reason: string };

export interface Choice {
  readonly chosen: Candidate;
  /** Not encoding, and waiting for all, with the number of workers that suits it best. */
  readonly plain: Candidate;
  readonly considered: readonly Candidate[];
  readonly target: Target;
}

/** What is compared of a setting. */
export function comparedCandidates(figures: RunFigures, goal: Goal): number {
  return goal === "seconds" ? figures.secondsMean : figures.dollars;
}

/** With what its rehearsals took. */
export function withTrials(one: Candidate, tried: readonly number[]): Candidate {
  const each = tried.map((rounds) => one.clock.at(rounds));
  const rounds = Math.round(meanOf(tried));
  return { ...one, tried, rounds, toTarget: averaged(each) };
}

/**
 * How sure that is: the standard error of the mean over its rehearsals. One more is thought of that
 * differs by a round, so that few which agree are not taken for many.
 */
export function errorOf({ tried, clock }: Candidate, goal: Goal): number {
  if (tried.length === 0) return 0;
  const values = tried.map((rounds) => comparedCandidates(clock.at(rounds), goal));
  const middle = meanOf(values);
  const aRound = middle / Math.max(1, meanOf(tried));
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, aRound ** 2);
  return Math.sqrt(squares) / tried.length;
}

function averaged(all: readonly RunFigures[]): RunFigures {
  const of = (name: keyof RunFigures) => meanOf(all.map((figures) => figures[name]));
  return {
    seconds: of("seconds"),
    secondsMean: of("secondsMean"),
    secondsLow: of("secondsLow"),
    secondsHigh: of("secondsHigh"),
    dollars: of("dollars"),
    invocations: Math.round(of("invocations")),
    coldStarts: Math.round(of("coldStarts")),
    bytesDown: Math.round(of("bytesDown")),
    bytesUp: Math.round(of("bytesUp")),
  };
}
