import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import { define } from "../../core/registry.ts";
import type { Stepper } from "../../optimizers/optimizer.ts";
import { optimizers } from "../../optimizers/registry.ts";
import type { CommitteeSize } from "../../privacy/mechanisms/secure-sum.ts";
import { compressionOf, type RunSpec } from "../../spec/run-spec.ts";
import { waitsWithoutGradients } from "../accepts.ts";
import {
  type Members,
  type StrategyContext,
  type StrategyDefinition,
  trainingStrategy,
} from "../definition.ts";
import { gradientForm } from "../gradient-form.ts";
import { encodeRows } from "../rounds/definition.ts";
import { checkSecureSum, committeeFor, secureSumOption } from "../secure-sums/options.ts";
import { stopRuleOf } from "../stop-rule.ts";
import { type LearningRate, learningRateOption } from "./learning-rates.ts";
import type { LocalStepsPlan } from "./state.ts";
import { localSteps } from "./strategy.ts";

interface LocalStepsOptions {
  readonly steps: number;
  readonly batch: number | "all";
  readonly learningRate: LearningRate;
  readonly momentum: number;
  readonly asynchronous: boolean;
  readonly stalenessMax?: number | undefined;
  readonly secureSum?: CommitteeSize | undefined;
}

/** Without a bound of the spec's: rounds, or passes where every reply is an update. */
const staleRounds = 10;

const options = {
  steps: z
    .int()
    .min(1)
    .max(100_000)
    .default(4)
    .describe("H: the steps a worker takes by itself between one download and the next"),
  batch: z
    .union([z.int().min(1), z.literal("all")], 'expected a number of rows or "all"')
    .default(8)
    .describe("rows of a minibatch, each drawn anew; all: every row of the slot"),
  learningRate: learningRateOption,
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("of the workers' own steps; a worker keeps its velocity from round to round"),
  asynchronous: z
    .boolean()
    .default(false)
    .describe("apply every reply at once, and wait for nobody"),
  stalenessMax: z
    .int()
    .min(1)
    .optional()
    .describe(
      "a slot whose weights are older, in updates, begins again at the newest; 10 rounds where " +
        "absent",
    ),
  secureSum: secureSumOption,
};

/** Qsparse-local-SGD: few, small messages. */
export const localStepsStrategy = define({
  name: "local-steps",
  summary: "workers take steps of their own and tell how far they came, compressed",
  reference: "Basu, Data, Karakus, Diggavi, NeurIPS 2019: Qsparse-local-SGD, algorithms 1 and 2",
  options,
  examples: [
    {},
    { steps: 8, batch: 32, learningRate: 0.05, momentum: 0.9 },
    { asynchronous: true },
    { secureSum: 3 },
  ],
  create: (chosen): StrategyDefinition => ({
    stateVersion: 2,
    accepts: {
      problems: {
        only: ["smooth"],
        code: "not-proximal",
        because: "an l1 penalty has no gradient where weights are zero",
      },
      encodings: {
        only: ["uncoded", "replication"],
        because: "local-steps draws minibatches of rows as they are",
      },
      optimizers: {
        only: ["learning rate", "gradient-descent"],
        because:
          "local-steps hands it the mean change of the workers instead of a gradient, which has " +
          "no curvature to search along",
      },
      ...(chosen.asynchronous ? {} : { waits }),
      rowWeights: true,
      compression: true,
      tableRows: true,
    },
    usual: { encoding: "uncoded", optimizer: "gradient-descent" },
    ...(chosen.asynchronous ? { waitInWords: "nobody: every reply is an update" } : {}),
    ...(chosen.asynchronous ? {} : { stepsAlong: "changes" as const }),
    check: (spec, parts) => refuse(spec, parts, chosen),
    needsCurvature: () => false,
    stage: encodeRows,
    open: (context) => trainingStrategy(localSteps(localStepsPlan(context, chosen))),
  }),
});

const waits = {
  only: waitsWithoutGradients,
  because: "it chooses k by gradients of one point, and local-steps has none",
};

function refuse(spec: RunSpec, members: Members, chosen: LocalStepsOptions): void {
  refuseSecureSum(spec, members, chosen);
  if (spec.gradients === "gather") {
    throw new RunError(
      "bad-combination",
      "gradients: gather: local-steps tells changes, which are added up where they are made",
      { hint: "leave gradients out, or choose strategy: rounds" },
    );
  }
}

/** Refuses what would be told apart from the sum, or does not add up under masks. */
function refuseSecureSum(
  spec: RunSpec,
  { wait }: Members,
  { secureSum, asynchronous, momentum }: LocalStepsOptions,
): void {
  const committee = committeeFor(secureSum);
  if (committee === null) return;
  const refuse = (what: string, hint: string) =>
    new RunError("bad-combination", `strategy.secureSum: ${secureSum}: ${what}`, { hint });
  if (asynchronous)
    throw refuse(
      "with asynchronous every reply is an update by itself",
      "leave asynchronous out, or secureSum",
    );
  if (spec.compression !== undefined)
    throw refuse(
      `what compression: ${spec.compression.type} leaves of numbers does not add up under masks`,
      "leave compression out",
    );
  if (momentum > 0)
    throw refuse(
      "a worker's velocity would lie in the store as it is",
      "leave strategy.momentum out, or give optimizer: { type: sgd, momentum: 0.9 }",
    );
  checkSecureSum(spec, wait, committee);
}

/** The mean change is applied as it is. */
function isPlain({ optimizer }: RunSpec): boolean {
  return optimizer.type === "gradient-descent" && optimizer.step === "safe";
}

/**
 * Compressors choose what travels themselves, a velocity moves all that it ever saw, and a mask is
 * of all numbers.
 */
function needsWholeChange(
  { compression }: RunSpec,
  { momentum, secureSum }: LocalStepsOptions,
): boolean {
  return compression !== undefined || momentum > 0 || secureSum !== undefined;
}

/** What the strategy needs to know, once the data are dealt. */
export function localStepsPlan(
  opening: StrategyContext,
  chosen: LocalStepsOptions,
): LocalStepsPlan {
  const { spec, problem, wait, prepared, encoded } = opening;
  const { columns, preparation } = prepared;
  const rows = encoded.slots.map((slot) => slot.rows);
  const stored = rows.reduce((sum, count) => sum + count, 0);
  const length = problem.weightsLength(columns, preparation.target.classes?.length ?? 0);
  const initial = () => {
    const first = problem.initial?.(randomFrom(spec.seed).fork("weights"));
    return first === undefined ? new Float64Array(length) : Float64Array.from(first);
  };
  const updatesARound = chosen.asynchronous ? spec.workers : 1;
  return {
    problem,
    shape: { columns, intercept: preparation.intercept },
    weightsLength: length,
    initial,
    parts: rows.map((count) => count / stored),
    steps: chosen.steps,
    batch: chosen.batch === "all" ? 0 : chosen.batch,
    rate: chosen.learningRate,
    momentum: chosen.momentum,
    seed: spec.seed,
    ...compressionOf(spec.compression),
    gradients: gradientForm(opening, needsWholeChange(spec, chosen)),
    outer: isPlain(spec) ? null : (optimizers.create(spec.optimizer) as Stepper),
    asynchronous: chosen.asynchronous,
    stalenessMax: chosen.stalenessMax ?? staleRounds * updatesARound,
    secure: committeeFor(chosen.secureSum),
    wait,
    roundsMax: spec.stop.rounds,
    stop: stopRuleOf(opening),
    patienceMs: spec.stop.patience * 1000,
  };
}
