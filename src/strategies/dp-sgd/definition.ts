import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import { define } from "../../core/registry.ts";
import type { Examples } from "../../math/rows.ts";
import type { Stepper } from "../../optimizers/optimizer.ts";
import { optimizers } from "../../optimizers/registry.ts";
import {
  leastNoise,
  type Sampling,
  sumNoise,
  workerRecordsMax,
} from "../../privacy/calibrate-sums.ts";
import { epochMax } from "../../privacy/release.ts";
import { clippedGradientParts } from "../../problems/clipped-gradients.ts";
import type { Problem } from "../../problems/problem.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import {
  type PrivacyPlan,
  type StrategyContext,
  type StrategyDefinition,
  trainingStrategy,
} from "../definition.ts";
import { privateChoices } from "../privacy-preconditions.ts";
import { encodeRows } from "../rounds/definition.ts";
import { committeeFor, secureSumOption } from "../secure-sums/options.ts";
import { checkDpSgd } from "./refusals.ts";
import type { DpSgdPlan } from "./state.ts";
import { dpSgd } from "./strategy.ts";

const options = {
  rate: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("the chance of a record to be in a batch, by a coin of its own; 1 for all of them"),
  noise: z
    .enum(["aggregator", "workers"])
    .default("aggregator")
    .describe(
      "who noises: one worker that is trusted with the others' sums, once; or every worker its " +
        "own, which trusts nobody and adds as much noise again for each worker",
    ),
  cap: z
    .int()
    .min(1)
    .optional()
    .describe(
      "the most records of a worker's batch, for memory: a random choice where coins chose more; " +
        "needs a rate below 1 and privacy.divisor, the rows that are expected",
    ),
  epoch: z
    .int()
    .min(2)
    .max(epochMax)
    .optional()
    .describe(
      "random allocation: in how many rounds each record takes part once, in one that is drawn; " +
        "instead of rate and cap, and not under replace-one",
    ),
  secureSum: secureSumOption,
};

export type DpSgdOptions = z.output<z.ZodObject<typeof options>>;

/** Who can read what is published, in words. */
export const dpSgdObservers = {
  aggregator:
    "whoever can read the run's published sums and its model; not the worker that adds up",
  workers: "whoever can read the run's published sums and its model",
};

/** Training that no single record shows in. */
export const dpSgdStrategy = define({
  name: "dp-sgd",
  summary: "clipped per-record gradients under noise: training with differential privacy",
  reference: "Abadi et al., Deep Learning with Differential Privacy, CCS 2016",
  options,
  examples: [
    {},
    { rate: 0.1, noise: "workers" },
    { rate: 0.1, cap: 64 },
    { epoch: 10 },
    { noise: "workers", secureSum: 3 },
  ],
  create: (chosen): StrategyDefinition => ({
    stateVersion: 1,
    usual: { encoding: "uncoded", optimizer: "sgd" },
    accepts: {
      ...privateChoices,
      problems: {
        only: ["smooth"],
        because: "dp-sgd clips every record's own gradient, which it has not",
      },
      optimizers: {
        only: ["learning rate"],
        because:
          "a line search asks the raw rows, and so does a safe step, which nobody has paid for",
      },
      privacy: true,
      tableRows: "noise moves every row",
    },
    privacyPlan: (spec) => privacyPlan(spec, chosen),
    check: (spec, parts) => checkDpSgd(spec, parts, chosen),
    needsCurvature: () => false,
    stage: encodeRows,
    open: (context) => trainingStrategy(dpSgd(dpSgdPlan(context, chosen))),
  }),
});

/** The part of a worker's records that a batch is expected to have. */
function rateOf({ rate, epoch }: DpSgdOptions): number {
  return epoch === undefined ? rate : 1 / epoch;
}

function privacyPlan(spec: RunSpec, chosen: DpSgdOptions): PrivacyPlan {
  const { noise, secureSum } = chosen;
  const rate = rateOf(chosen);
  const { noise: multiplier } = leastNoise(
    spec.privacy!,
    samplingOf(spec, chosen),
    spec.stop.rounds,
  );
  const isShared = secureSum !== undefined;
  const publisher = noise === "workers" && !isShared ? "worker" : "aggregator";
  const sums = { rate, multiplier, ...(isShared ? ({ isShared } as const) : {}) };
  return { observers: dpSgdObservers[noise], publisher, sums };
}

/** How batches are drawn, by public numbers alone. */
function samplingOf({ privacy, workers }: RunSpec, chosen: DpSgdOptions): Sampling {
  const { cap, epoch } = chosen;
  const rate = rateOf(chosen);
  if (epoch !== undefined) return { rate, epoch };
  if (cap === undefined) return { rate };
  return {
    rate,
    truncation: { cap, records: workerRecordsMax(privacy!, privacy!.divisor!, workers) },
  };
}

/** What the strategy needs to know, once every slot has its rows. */
export function dpSgdPlan(opening: StrategyContext, chosen: DpSgdOptions): DpSgdPlan {
  const { noise: noiseAt, cap, epoch, secureSum } = chosen;
  const rate = rateOf(chosen);
  const { spec, problem, wait, prepared, encoded } = opening;
  const { columns, preparation } = prepared;
  const privacy = spec.privacy!;
  const { epsilon, delta, unit, clip } = privacy;
  const rounds = spec.stop.rounds;
  const length = problem.weightsLength(columns, preparation.target.classes?.length ?? 0);
  const records = recordsOf(spec, encoded.rows);
  const sampling = samplingOf(spec, chosen);
  refuseMoreRecords(sampling, encoded);
  const noise = sumNoise({ ...sampling, privacy, rounds, records, workers: spec.workers, length });
  const budget = { epsilon, delta };
  return {
    workers: spec.workers,
    problem,
    optimizer: optimizers.create(spec.optimizer) as Stepper,
    rate,
    ...(cap === undefined ? {} : { cap }),
    ...(epoch === undefined ? {} : { epoch }),
    clip,
    divisor: rate * (privacy.divisor ?? encoded.rows),
    l2: problem.l2,
    shape: { columns, intercept: preparation.intercept },
    open: problem.addClippedGradient === undefined ? null : openPart(problem, columns, clip),
    weightsLength: length,
    initial: () =>
      problem.initial?.(randomFrom(spec.seed).fork("weights")) ?? new Float32Array(length),
    noiseAt,
    secure: committeeFor(secureSum),
    published: { ...noise, unit, budget, rounds, observers: dpSgdObservers[noiseAt] },
    wait,
    roundsMax: rounds,
    patienceMs: spec.stop.patience * 1000,
  };
}

/**
 * A public number that the rows are not above. Under add-remove how many there are is private, so
 * that it cannot be they.
 */
function recordsOf({ privacy }: RunSpec, rows: number): number {
  const { adjacency, divisor } = privacy!;
  if (adjacency !== "add-remove") return rows;
  const most = 2 * divisor!;
  if (rows <= most) return most;
  throw new RunError(
    "bad-value",
    `privacy.divisor: ${divisor}, and there are more than twice as many rows`,
    { hint: "give the number of rows that is expected; it need not be exact" },
  );
}

/** What a batch is truncated by is accounted for so many records of a worker, and no more. */
function refuseMoreRecords({ truncation }: Sampling, { slots }: StrategyContext["encoded"]): void {
  if (truncation === undefined) return;
  if (slots.every(({ rows }) => rows <= truncation.records)) return;
  throw new RunError(
    "bad-value",
    `strategy.cap: a worker has more than the ${truncation.records} records that batches are ` +
      "truncated for by privacy.divisor",
    { hint: "give a privacy.divisor that the number of rows for training is not above" },
  );
}

/** What the gradient has besides the rows' parts: known without them. */
function openPart(problem: Problem, columns: number, clip: number) {
  const none: Examples = {
    rows: { kind: "dense", rows: 0, columns, values: new Float32Array(0) },
    targets: new Float32Array(0),
  };
  return (at: Float32Array) =>
    clippedGradientParts(problem, none, Float64Array.from(at), clip).open;
}
