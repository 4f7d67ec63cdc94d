import { leastNoise } from "../privacy/sum-noise.ts";
import { formatCount, formatNumber } from "../report/format.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { dpSgdObservers } from "../strategies/dp-sgd/definition.ts";
import { observersInWords } from "../strategies/gossip/state.ts";

/** What a private run will spend, by whom it is seen, and whose privacy it is. */
export function privacyInWords(spec: RunSpec): [string, string][] {
  const { privacy, stop } = spec;
  if (privacy === undefined) return [];
  const { epsilon, delta, unit, adjacency } = privacy;
  const training = dpSgdOf(spec);
  const rounds = formatCount(stop.rounds);
  const messages =
    training === null
      ? `in ${rounds} messages a node`
      : training.noise === "workers"
        ? `in ${rounds} sums of each worker, whose records are its own`
        : `in ${rounds} sums over all workers`;
  const seen = training === null ? observersInWords : dpSgdObservers[training.noise];
  return [
    [
      "privacy",
      `epsilon ${formatNumber(epsilon)} at delta ${delta} of any ${unit}, under ${adjacency}: ` +
        `all of it, ${messages}`,
    ],
    ...(training === null ? [] : [["noise", noiseInWords(training)] as [string, string]]),
    ["seen by", `${seen}; the figures here are of raw rows, for their owner`],
  ];
}

/** The same as part of the last JSON line. */
export function privacyFacts(spec: RunSpec): object {
  if (spec.privacy === undefined) return {};
  const training = dpSgdOf(spec);
  if (training === null) return { privacy: spec.privacy };
  const { multiplier, rate, noise } = training;
  const { rounds } = spec.stop;
  const told = { rounds, rate, noiseMultiplier: multiplier, observers: dpSgdObservers[noise] };
  return { privacy: { ...spec.privacy, ...told } };
}

interface DpSgdPlanned {
  readonly rate: number;
  readonly noise: "aggregator" | "workers";
  /** The noise's deviation over the clip norm. */
  readonly multiplier: number;
  readonly clip: number;
}

function dpSgdOf({ strategy, privacy, stop }: RunSpec): DpSgdPlanned | null {
  if (strategy.type !== "dp-sgd" || privacy === undefined) return null;
  const { rate, noise } = strategy as unknown as Pick<DpSgdPlanned, "rate" | "noise">;
  const { noise: multiplier } = leastNoise(privacy, rate, stop.rounds);
  return { rate, noise, multiplier, clip: privacy.clip };
}

function noiseInWords({ rate, noise, multiplier, clip }: DpSgdPlanned): string {
  const batches = rate === 1 ? "all records" : `batches of each record by a coin of ${rate}`;
  const who = noise === "workers" ? "every worker adds its own" : "one worker adds it, once";
  return `${formatNumber(multiplier)} times the clip norm ${clip}, over ${batches}; ${who}`;
}
