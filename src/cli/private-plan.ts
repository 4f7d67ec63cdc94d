import { assert } from "../core/errors.ts";
import { formatCount, formatNumber } from "../report/format.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { PrivacyPlan } from "../strategies/definition.ts";
import { strategies } from "../strategies/registry.ts";

const publications: Readonly<Record<PrivacyPlan["publisher"], string>> = {
  node: "messages a node",
  worker: "sums of each worker, whose records are its own",
  aggregator: "sums over all workers",
};

/** What a private run will spend, by whom it is seen, and whose privacy it is. */
export function privacyInWords(spec: RunSpec): [string, string][] {
  const { privacy, stop } = spec;
  if (privacy === undefined) return [];
  const { epsilon, delta, unit, adjacency, clip } = privacy;
  const plan = planOf(spec);
  const publishes = `${formatCount(stop.rounds)} ${publications[plan.publisher]}`;
  const noise = noiseInWords(plan, clip);
  return [
    [
      "privacy",
      `epsilon ${formatNumber(epsilon)} at delta ${delta} of any ${unit}, under ${adjacency}: ` +
        `all of it, in ${publishes}`,
    ],
    ...(noise === null ? [] : [["noise", noise] as [string, string]]),
    ["seen by", `${plan.observers}; the figures here are of raw rows, for their owner`],
  ];
}

/** The same as part of the last JSON line. */
export function privacyFacts(spec: RunSpec): object {
  if (spec.privacy === undefined) return {};
  const { sums, observers } = planOf(spec);
  if (sums === undefined) return { privacy: spec.privacy };
  const { rounds } = spec.stop;
  const { rate, multiplier: noiseMultiplier } = sums;
  return { privacy: { ...spec.privacy, rounds, rate, noiseMultiplier, observers } };
}

function planOf(spec: RunSpec): PrivacyPlan {
  const { privacyPlan } = strategies.create(spec.strategy);
  assert(privacyPlan !== undefined, `strategy ${spec.strategy.type} publishes nothing`);
  return privacyPlan(spec);
}

function noiseInWords({ sums, publisher }: PrivacyPlan, clip: number): string | null {
  if (sums === undefined) return null;
  const { rate, multiplier, isShared } = sums;
  const batches = rate === 1 ? "all records" : `batches of each record by a coin of ${rate}`;
  const one = publisher === "worker" ? "every worker adds its own" : "one worker adds it, once";
  const who = isShared ? "every worker adds a share" : one;
  return `${formatNumber(multiplier)} times the clip norm ${clip}, over ${batches}; ${who}`;
}
