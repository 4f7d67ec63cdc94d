import { meanOf } from "../math/statistics.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { LatenessModel } from "./lateness.ts";
import type { Machine } from "./machine.ts";
import type { PilotRun } from "./pilot-run.ts";
import { type RoundTimes, type RunUsage, simulateRounds } from "./round-simulation.ts";
import type { DataShape } from "./workload.ts";
import { timedOf } from "./workload.ts";

/** What a number of rounds takes, over the futures that were tried. */
export interface RunFigures {
  /** Usually: the median. */
  readonly seconds: number;
  /** On average, which rare and long delays raise: what settings are compared by. */
  readonly secondsMean: number;
  /** One future in ten is shorter, and one in ten longer. */
  readonly secondsLow: number;
  readonly secondsHigh: number;
  readonly dollars: number;
  readonly invocations: number;
  readonly coldStarts: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
}

/** The clock and the bill of one setting. */
export interface TimeModel {
  at(rounds: number): RunFigures;
}

/** Invocations that are timed for one setting; the fate of each takes some ten microseconds. */
const invocationsMax = { compared: 9_000, close: 40_000, told: 24_000 };
const roundsTimedMax = 40;
const futuresMin = 3;
const futuresMax = { compared: 16, close: 64, told: 21 };

/**
 * Times a spec's rounds in several futures: a few to compare it with others in the same ones, many
 * for those that come close, and some to tell how long it takes. Beyond the rounds that were timed,
 * the mean goes on.
 */
export function timeModelOf(
  spec: RunSpec,
  data: DataShape,
  machine: Machine & { readonly fates: LatenessModel },
  rounds: number,
  use: keyof typeof futuresMax = "compared",
): TimeModel {
  const timed = timedOf(spec, data, machine);
  const perRound = timed.phases.length * spec.workers;
  const most = Math.min(rounds, roundsTimedMax);
  const roundsTimed = clamp(Math.floor(invocationsMax[use] / (perRound * futuresMin)), 1, most);
  const affordable = Math.floor(invocationsMax[use] / (perRound * roundsTimed));
  const count = clamp(affordable, futuresMin, futuresMax[use]);
  const futures = Array.from({ length: count }, (_, draw) =>
    simulateRounds(timed, machine.platform, machine.fates, draw, roundsTimed),
  );
  return clocking(futures, roundsTimed);
}

/** The clock of what was rehearsed, for runs whose ways only a rehearsal shows. */
export function pilotTimeModel(rehearsals: readonly PilotRun[]): TimeModel {
  const rounds = Math.min(...rehearsals.map(({ spent }) => spent.length));
  const futures = rehearsals.map(({ spent }) => ({
    spentAt: (count: number) => (count === 0 ? nothingSpent : spent[count - 1]!),
  }));
  return clocking(futures, rounds);
}

const nothingSpent: RunUsage = {
  ms: 0,
  usd: 0,
  invocations: 0,
  coldStarts: 0,
  bytesDown: 0,
  bytesUp: 0,
};

function clocking(futures: readonly Pick<RoundTimes, "spentAt">[], timed: number): TimeModel {
  const known = new Map<number, RunFigures>();
  return {
    at(rounds) {
      const figures = known.get(rounds) ?? figuresOf(futures, timed, rounds);
      known.set(rounds, figures);
      return figures;
    },
  };
}

function figuresOf(
  futures: readonly Pick<RoundTimes, "spentAt">[],
  timed: number,
  rounds: number,
): RunFigures {
  const spent = futures.map((future) => spentBy(future, timed, rounds));
  const of = (pick: (one: RunUsage) => number) => spent.map(pick).sort((a, b) => a - b);
  const ms = of((one) => one.ms);
  // A sum of very many rounds comes to its mean; one of a few to its median.
  const typicalMs = rounds > timed ? meanOf(ms) : quantile(ms, 0.5);
  return {
    seconds: typicalMs / 1000,
    secondsMean: meanOf(ms) / 1000,
    secondsLow: quantile(ms, 0.1) / 1000,
    secondsHigh: quantile(ms, 0.9) / 1000,
    dollars: meanOf(of((one) => one.usd)),
    invocations: Math.round(meanOf(of((one) => one.invocations))),
    coldStarts: Math.round(meanOf(of((one) => one.coldStarts))),
    bytesDown: Math.round(meanOf(of((one) => one.bytesDown))),
    bytesUp: Math.round(meanOf(of((one) => one.bytesUp))),
  };
}

/** Rounds that were not timed go as the later half of those that were: starts are over by then. */
function spentBy(future: Pick<RoundTimes, "spentAt">, timed: number, rounds: number): RunUsage {
  if (rounds <= timed) return future.spentAt(rounds);
  const end = future.spentAt(timed);
  // Where no round ended, none ever will.
  if (timed === 0) return { ...end, ms: Number.POSITIVE_INFINITY };
  const half = Math.floor(timed / 2);
  const middle = future.spentAt(half);
  const more = (rounds - timed) / (timed - half);
  const on = (name: keyof RunUsage) => end[name] + more * (end[name] - middle[name]);
  return {
    ms: on("ms"),
    usd: on("usd"),
    invocations: on("invocations"),
    coldStarts: on("coldStarts"),
    bytesDown: on("bytesDown"),
    bytesUp: on("bytesUp"),
  };
}

/** Linear between the sorted values. */
function quantile(sorted: readonly number[], level: number): number {
  const at = level * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  // Not by their difference: both may be infinite.
  return below === above ? below : below + (at - Math.floor(at)) * (above - below);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
