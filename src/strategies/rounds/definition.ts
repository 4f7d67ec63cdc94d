import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import { define } from "../../core/registry.ts";
import { encodeData } from "../../data/encode/encode.ts";
import type { Stepper } from "../../optimizers/optimizer.ts";
import { optimizers } from "../../optimizers/registry.ts";
import { problems } from "../../problems/registry.ts";
import { hasRunningStats } from "../../problems/running-stats.ts";
import { isDecodable, type RowCounts } from "../../quorum/decode.ts";
import type { WaitPolicy } from "../../quorum/wait-policies/policy.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import type { BatchSize } from "../../tasks/batch-gradient.ts";
import type { IngestContext, Members, StrategyContext, StrategyDefinition } from "../definition.ts";
import { gradientForm } from "../gradient-form.ts";
import { stopRuleOf } from "../stop-rule.ts";
import type { ExactPlan } from "./correction.ts";
import { gramIn, metricColumnsMax } from "./curvature-metric.ts";
import { openRounds, refuseReduction } from "./open-rounds.ts";
import { scalingOf } from "./scaling.ts";
import type { RoundsPlan } from "./state.ts";

/** Synchronous rounds over encoded rows: the usual way to train. */
export const roundsStrategy = define({
  name: "rounds",
  summary: "synchronous rounds over encoded rows, each closed by its quorum",
  options: {
    exact: z
      .boolean()
      .default(false)
      .describe(
        "end at the optimum itself although slots are missing: now and then a round waits for " +
          "all, and corrects the estimates of those after it",
      ),
    exactEvery: z
      .int()
      .min(1)
      .max(10_000)
      .default(5)
      .describe("the most rounds from one that waits for all to the next; only with exact"),
    batch: z
      .union(
        [
          z.int().min(1),
          z.strictObject({
            tokens: z.int().min(1).describe("of sentences, a side, padding counted"),
          }),
        ],
        "expected a number of rows or { tokens: 1024 }",
      )
      .optional()
      .describe(
        "how much of its rows a slot goes through in a round: so many rows, each drawn anew, or " +
          "so many tokens of sentences of like length, batch after batch; all rows where absent",
      ),
  },
  examples: [{}, { exact: true }, { batch: 32 }],
  create: (chosen): StrategyDefinition => ({
    stateVersion: 2,
    accepts: {
      problems: { only: ["smooth", "l1"], because: "it is not convex" },
      packedRows: true,
      rowWeights: true,
      tableRows: true,
      ...(chosen.batch === undefined ? { reductions: true as const } : {}),
    },
    check(spec, parts) {
      refuse(spec, parts, chosen.exact);
      if (chosen.batch !== undefined) refuseBatches(spec, parts, chosen);
      if (spec.reduction !== undefined) refuseReduction(spec, parts, chosen.exact);
    },
    needsCurvature: (spec) => optimizers.create(spec.optimizer).needsCurvature,
    needsGram: (spec, problem, { columns }) =>
      chosen.batch === undefined && columns <= metricColumnsMax && stepsAlongGram(spec, problem),
    ...(chosen.exact || chosen.batch !== undefined ? {} : { hasTimeModel: true as const }),
    stepsAlong: "gradients",
    stage: encodeRows,
    open: (context) => openRounds(context, roundsPlan(context, chosen)),
  }),
});

function refuse(spec: RunSpec, { problem, encoding }: Members, isExact: boolean): void {
  const optimizer = optimizers.create(spec.optimizer);
  if (encoding.mixes && !problem.isQuadratic) {
    throw new RunError(
      "not-mixable",
      `encoding: ${spec.encoding.type} stores mixtures of rows, but the loss of ` +
        `${spec.problem.type} is not quadratic and does not hold over mixtures`,
      { hint: "choose encoding: replication or uncoded" },
    );
  }
  if (problem.l1 > 0 && !optimizer.proximal) {
    throw new RunError(
      "not-proximal",
      `optimizer: ${spec.optimizer.type} follows gradients, and the l1 penalty of ` +
        `${spec.problem.type} has none where weights are zero`,
      { hint: "choose optimizer: fista or proximal-gradient" },
    );
  }
  if (optimizer.needsCurvature && problem.smoothness(1) === Number.POSITIVE_INFINITY) {
    throw new RunError(
      "unsafe-step",
      `optimizer: ${spec.optimizer.type}: no step is safe for ${spec.problem.type}, ` +
        "whose curvature has no bound",
      { hint: "give the step as a number, or choose optimizer: adam or l-bfgs" },
    );
  }
  if (!encoding.tight && optimizer.needsCurvature) {
    throw new RunError(
      "unsafe-step",
      `optimizer: the safe step of ${spec.optimizer.type} holds for tight frames, and ` +
        `${spec.encoding.type} is none`,
      { hint: "give the step as a number, or choose optimizer: l-bfgs or another encoding" },
    );
  }
  if (!encoding.tight && isExact) {
    throw new RunError(
      "never-exact",
      "strategy: exact needs a code whose replies add up to the true gradient when all are " +
        `there, and those of ${spec.encoding.type} do not`,
      { hint: "choose encoding: hadamard or another tight one" },
    );
  }
}

/** Proximal steps in the metric of X'X, which is the curvature of least squares alone. */
function stepsAlongGram(
  { optimizer, reduction }: RunSpec,
  { l1, isQuadratic, pairs, parameters }: Members["problem"],
): boolean {
  const { takesGram = false } = optimizers.create(optimizer) as Partial<Stepper>;
  const isLinear = pairs === undefined && parameters === undefined;
  return takesGram && isQuadratic && isLinear && l1 > 0 && reduction === undefined;
}

/** A batch is of rows as they are, and its gradient is not the function's along any line. */
function refuseBatches(
  spec: RunSpec,
  { problem, encoding }: Members,
  { batch, exact }: RoundsOptions,
): void {
  const refuse = (why: string, hint: string) => {
    throw new RunError("bad-combination", `strategy.batch: ${why}`, { hint });
  };
  if (encoding.mixes || !["uncoded", "replication"].includes(spec.encoding.type))
    refuse(
      `encoding ${spec.encoding.type} decodes sums over all rows of a slot`,
      "choose encoding: uncoded or replication, or leave batch out",
    );
  if (exact) refuse("an exact end needs the gradient of all rows", "leave exact or batch out");
  const { searches, needsCurvature } = optimizers.create(spec.optimizer);
  if (searches || needsCurvature)
    refuse(
      `optimizer ${spec.optimizer.type} needs the gradient of all rows`,
      "choose an optimizer with a learning rate, such as adam or sgd",
    );
  if (typeof batch === "object" && problem.rowTokens === undefined)
    refuse(`rows of problem ${spec.problem.type} are not made of tokens`, "give a number of rows");
}

/** Rows encoded and dealt to the slots. */
export function encodeRows({ spec, encoding, prepared, store, onProgress }: IngestContext) {
  const { encoding: chosen, workers, seed } = spec;
  const { storage, membership } = spec.data;
  const keepsWeights = !problems.create(spec.problem).isQuadratic;
  const request = { encoding, chosen, workers, seed, storage, membership, keepsWeights };
  return encodeData(prepared, request, store, onProgress);
}

interface RoundsOptions {
  readonly exact: boolean;
  readonly exactEvery: number;
  readonly batch?: BatchSize | undefined;
}

function initialWeights(
  { seed }: RunSpec,
  problem: StrategyContext["problem"],
): Float32Array<ArrayBuffer> | null {
  return problem.initial?.(randomFrom(seed).fork("weights")) ?? null;
}

/** What the rounds strategy needs to know, once the data are encoded. */
export function roundsPlan(opening: StrategyContext, chosen: RoundsOptions): RoundsPlan {
  const { spec, problem, encoding, wait, prepared, encoded, largestEigenvalue, gram } = opening;
  const { columns, preparation } = prepared;
  const optimizer = optimizers.create(spec.optimizer);
  if (optimizer.searches && hasRunningStats(problem)) {
    throw new RunError(
      "bad-combination",
      `optimizer: ${spec.optimizer.type} searches along a line, on which the network's batch ` +
        "normalisation would have to stand still",
      { hint: "choose optimizer: adam or sgd, or strategy: local-steps" },
    );
  }
  const needsAll = optimizer.searches || chosen.exact || wait.wantsGradient === true;
  const units = scalingOf(problem, prepared);
  const storedRows = encoded.slots.map((slot) => slot.rows);
  const shares = { encoding, storedRows, rows: encoded.rows };
  return {
    problem,
    optimizer,
    shares,
    wait,
    shape: { columns, intercept: preparation.intercept },
    weightsLength: problem.weightsLength(columns, preparation.target.classes?.length ?? 0),
    initial: () => initialWeights(spec, problem),
    largestEigenvalue,
    roundsMax: spec.stop.rounds,
    stop: stopRuleOf(opening),
    units,
    gram: gram === undefined ? null : gramIn(gram, columns),
    scaling: optimizer.searches ? units : null,
    patienceMs: spec.stop.patience * 1000,
    ...(chosen.batch === undefined ? {} : { batch: { size: chosen.batch, seed: spec.seed } }),
    exact: chosen.exact ? exactPlan(shares, wait, chosen.exactEvery) : null,
    gradients: gradientForm(opening, needsAll),
  };
}

/** Null where every estimate is exact as it is: the code waits until it can decode. */
function exactPlan(shares: RowCounts, wait: WaitPolicy, everyRounds: number): ExactPlan | null {
  const workers = shares.storedRows.length;
  if (workers > 1 && !isDecodable(shares, [0])) return null;
  const { copies } = wait;
  const everyone = {
    needed: workers,
    enough: workers,
    deadlineMs: Number.POSITIVE_INFINITY,
    ...(copies === undefined ? {} : { copies }),
  };
  return { everyRounds, wait: everyone };
}
