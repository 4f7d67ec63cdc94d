import { assert } from "../../core/errors.ts";
import { finiteOrNull as finite } from "../../core/json.ts";
import { type Candidate, comparedCandidates, type Goal } from "../../planner/candidate.ts";
import { configurationInWords, specWith } from "../../planner/configuration.ts";
import { errorBound } from "../../planner/error-bound.ts";
import { forecastOf } from "../../planner/forecast.ts";
import type { ProposedPlan } from "../../planner/planner.ts";
import { storageCostOf } from "../../planner/storage-cost.ts";
import { type Egress, egressInWords } from "../../platform/training/egress.ts";
import {
  formatBytes,
  formatCount,
  formatDollars,
  formatNumber,
  formatPercent,
  formatSeconds,
} from "../../report/format.ts";
import { resolveMembers } from "../../run/resolve-members.ts";
import { optimizerInWords } from "../../run/usual-rate.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import type { PrivacyPlan } from "../../strategies/definition.ts";
import { strategies } from "../../strategies/registry.ts";
import { facts, table } from "../table.ts";

const rowsShown = 10;

/** The settings that were considered, best first, and why the others lost. */
export function alternativesTable(plan: ProposedPlan, goal: Goal): string {
  const { considered, chosen, plain } = plan.choice;
  const kept = considered.filter(
    ({ verdict }) => verdict.kind !== "hopeless" && !isForegone(verdict),
  );
  const shown = [...new Set([chosen, plain, ...kept.slice(0, rowsShown)])];
  const rows = considered
    .filter((one) => shown.includes(one))
    .map((one) => [
      configurationInWords(plan.spec, one.setting),
      one.rounds === null ? "–" : formatCount(one.rounds),
      one.rounds === null ? "–" : formatSeconds(finite(one.toTarget.secondsMean)),
      one.rounds === null ? "–" : formatDollars(finite(one.toTarget.dollars)),
      why(one, plan, goal),
    ]);
  const more = considered.length - rows.length;
  const head = ["setting", "rounds to equal loss", "time", "cost", ""];
  const rest = more === 0 ? "" : `\nand ${formatCount(more)} more that cannot do better`;
  return `${table(head, rows)}${rest}`;
}

/** The proposed plan and its forecast. */
export function planFacts(plan: ProposedPlan, egress: Egress | null): string {
  const { chosen, plain, target } = plan.choice;
  const { error, isSampled, figures, storing } = aboutChosen(plan);
  const { seconds, secondsLow, secondsHigh } = figures;
  const range = `${formatSeconds(finite(secondsLow))} to ${formatSeconds(finite(secondsHigh))}`;
  const ratio = plain.toTarget.secondsMean / chosen.toTarget.secondsMean;
  const plainTime = formatSeconds(finite(plain.toTarget.secondsMean));
  const all = `not encoding and waiting for all takes ${plainTime}`;
  const isPlain = plain === chosen;
  return facts([
    ["plan", configurationInWords(plan.spec, chosen.setting)],
    ["optimizer", optimizerInWords(plan.spec.optimizer)],
    ["rounds", `${formatCount(chosen.roundsToStop)} until it stops`],
    ["time", `${formatSeconds(finite(seconds))}, likely ${range}`],
    [
      "cost",
      `${formatDollars(finite(figures.dollars))} for ${formatCount(figures.invocations)} tasks`,
    ],
    ["requests", `${formatDollars(storing.requestsUsd)} for the store's`],
    ["data", `${formatBytes(figures.bytesDown)} down, ${formatBytes(figures.bytesUp)} up`],
    [
      "stored",
      `${formatBytes(storing.bytes)} of shards, ${formatDollars(storing.usdPerMonth)} a month`,
    ],
    ...(egress === null ? [] : [["egress", egressInWords(egress)] as const]),
    ...privacyInWords(plan.spec),
    ["error", errorInWords(error, isSampled)],
    ["equal loss", `an objective of ${formatNumber(target.objective, 5)}; ${reached(chosen)}`],
    ...(isPlain ? [] : [["instead", `${all}, ${ratioInWords(ratio)}`] as const]),
    ["rehearsed", `${formatCount(plan.sampleRows)} of ${formatCount(plan.data.rows)} rows`],
  ]);
}

/** The alternatives as JSON lines. */
export function alternativesInWords(plan: ProposedPlan): object[] {
  return plan.choice.considered.map(({ setting, verdict, rounds, toTarget }) => ({
    type: "alternative",
    ...setting,
    verdict,
    rounds,
    seconds: finite(toTarget.secondsMean),
    dollars: finite(toTarget.dollars),
  }));
}

/** The plan as the last JSON line. */
export function planInWords(plan: ProposedPlan, goal: Goal, egress: Egress | null): object {
  const { chosen, plain, target } = plan.choice;
  const { error, figures, storing } = aboutChosen(plan);
  return {
    type: "result",
    goal,
    ...chosen.setting,
    forecast: forecastOf(figures, chosen.roundsToStop),
    toEqualLoss: {
      objective: target.objective,
      rounds: chosen.rounds,
      seconds: finite(chosen.toTarget.secondsMean),
      dollars: finite(chosen.toTarget.dollars),
    },
    notEncoding: {
      rounds: plain.rounds,
      seconds: finite(plain.toTarget.secondsMean),
      dollars: finite(plain.toTarget.dollars),
    },
    error: { worst: finite(error.worst), typical: finite(error.typical) },
    ...privacyFacts(plan.spec),
    storing,
    ...(egress === null ? {} : { egress }),
    rows: plan.data.rows,
    rowsRehearsed: plan.sampleRows,
  };
}

function aboutChosen({ spec, data, choice, figures }: ProposedPlan) {
  const { setting, roundsToStop } = choice.chosen;
  const { encoding, method, wait } = resolveMembers(specWith(spec, setting));
  const share = wait.needed / setting.workers;
  return {
    error: method.isExact
      ? { worst: 0, typical: 0 }
      : errorBound(encoding, share, { ...data, workers: setting.workers }),
    isSampled: method.stepsAlong === "minibatches",
    figures,
    storing: storageCostOf(spec, data, figures, roundsToStop),
  };
}

function reached({ rounds, toTarget }: Candidate): string {
  if (rounds === null) return "it does not get there";
  const time = formatSeconds(finite(toTarget.secondsMean));
  return `reached after ${formatCount(rounds)} rounds, ${time}`;
}

function errorInWords(
  { worst, typical }: { worst: number; typical: number },
  isSampled: boolean,
): string {
  if (worst === 0)
    return isSampled
      ? "no slot is left out; every step is along a sample of the rows"
      : "none: it is exact";
  const most = Number.isFinite(worst) ? `at most ${formatPercent(worst)}` : "without bound";
  return `were the same slots always missing: ${formatPercent(typical)} usually, ${most}`;
}

function why(one: Candidate, { choice }: ProposedPlan, goal: Goal): string {
  const { verdict } = one;
  const { reference, objective } = choice.target;
  const above = (miss: number) => formatPercent((miss * (objective - reference)) / reference);
  switch (verdict.kind) {
    case "chosen":
      return "chosen";
    case "open":
    case "behind":
      return behindInWords(
        comparedCandidates(one.toTarget, goal) / comparedCandidates(choice.chosen.toTarget, goal) -
          1,
        goal,
      );
    case "hopeless":
      return "cannot do better";
    case "misses":
      return Number.isFinite(verdict.miss) ? `ends ${above(verdict.miss)} above` : "diverges";
    case "expected-to-miss":
      return `would end about ${above(verdict.miss)} above`;
    case "too-large":
      return `${formatBytes(verdict.bytes)} do not fit a worker`;
    case "stuck":
      return verdict.reason;
  }
}

function behindInWords(share: number, goal: Goal): string {
  const more = goal === "seconds" ? "longer" : "dearer";
  if (Math.abs(share) < 0.01) return "as good, but not simpler";
  if (share < 0) return `${formatPercent(-share)} less, too little to be sure of`;
  return share < 2
    ? `${formatPercent(share)} ${more}`
    : `${formatNumber(1 + share, 2)} times as ${goal === "seconds" ? "long" : "dear"}`;
}

function ratioInWords(ratio: number): string {
  return ratio >= 1.1 ? `${formatNumber(ratio, 2)} times as long` : "about as long";
}

function isForegone({ kind }: Candidate["verdict"]): boolean {
  return kind === "expected-to-miss";
}

const publications: Readonly<Record<PrivacyPlan["publisher"], string>> = {
  node: "messages a node",
  worker: "sums of each worker, whose records are its own",
  aggregator: "sums over all workers",
};

/** What a private run will spend, who sees it, and whose privacy it is. */
function privacyInWords(spec: RunSpec): [string, string][] {
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
function privacyFacts(spec: RunSpec): object {
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
