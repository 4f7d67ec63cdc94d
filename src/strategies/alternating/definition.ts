import * as z from "zod";
import { assert } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import { define } from "../../core/registry.ts";
import { shareRatings } from "../../data/shards/ratings.ts";
import { optimizers } from "../../optimizers/registry.ts";
import type { Side } from "../../tasks/subproblems/sides.ts";
import { type StrategyContext, type StrategyDefinition, trainingStrategy } from "../definition.ts";
import { stopRuleOf } from "../stop-rule.ts";
import { type CodedSubproblems, codedSubproblemsOf } from "./coded-subproblems.ts";
import type { AlternatingPlan } from "./state.ts";
import { alternating } from "./strategy.ts";

const options = {
  epochs: z
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe("how often users and then items move; stop.rounds may end it sooner"),
  iterations: z
    .int()
    .min(1)
    .max(1_000)
    .default(10)
    .describe("rounds for the subproblems of one side, where they are not solved exactly"),
  exactBelow: z
    .int()
    .min(0)
    .default(500)
    .describe("users and items with fewer ratings are solved exactly, by k - 1 slots fewer than m"),
  bank: z
    .int()
    .min(1)
    .default(100)
    .describe("mixtures take the code for the next multiple of so many ratings; 1 for their own"),
  deviation: z
    .number()
    .positive()
    .default(0.1)
    .describe("deviation of the items' random first factors"),
};

type Options = z.output<z.ZodObject<typeof options>>;

/** Alternating least squares over ratings, each user and item a small ridge regression. */
export const alternatingStrategy = define({
  name: "alternating",
  summary: "alternating least squares: users, then items, each a small encoded regression",
  reference:
    "Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019: matrix factorization by encoded least squares",
  options,
  examples: [{}, { epochs: 2, iterations: 5, exactBelow: 0 }],
  create: (given): StrategyDefinition => ({
    stateVersion: 2,
    accepts: {
      problems: { only: ["pairs"], because: "alternating is for ratings, and it has none" },
      optimizers: {
        only: ["line search"],
        because: "it needs a step size that all users and items share",
      },
    },
    usual: { encoding: "hadamard" },
    needsCurvature: () => false,
    stage({ spec, encoding, prepared, store, onProgress }) {
      const { encoding: chosen, workers, seed } = spec;
      return shareRatings(prepared, { encoding, chosen, workers, seed }, store, onProgress);
    },
    open: (context) => trainingStrategy(alternating(alternatingPlan(context, given))),
  }),
});

/** What the alternating strategy needs to know, once the ratings are in the store. */
export function alternatingPlan(opening: StrategyContext, given: Options): AlternatingPlan {
  const { spec, problem, encoding, encoded, wait, prepared } = opening;
  const optimizer = optimizers.create(spec.optimizer);
  assert(optimizer.searches, "others were refused");
  const { columns, preparation } = prepared;
  const banks = new Map<Side, CodedSubproblems>();
  return {
    problem,
    optimizer,
    pairsMax: Number(spec.optimizer.memory ?? 10),
    encoding,
    encoded,
    bank(side) {
      const bank = banks.get(side) ?? codedSubproblemsOf(encoding, encoded, side, given);
      banks.set(side, bank);
      return bank;
    },
    wait,
    shape: { columns, intercept: preparation.intercept },
    startWeights: startWeights(opening, given.deviation),
    exactBelow: given.exactBelow,
    bankRows: given.bank,
    copies: spec.workers - wait.needed + 1,
    iterations: given.iterations,
    halves: 2 * given.epochs,
    roundsMax: spec.stop.rounds,
    stop: stopRuleOf(opening),
    patienceMs: spec.stop.patience * 1000,
  };
}

/** Items' factors are random, b is what it is to be, and all else is zero. */
function startWeights(
  { spec, problem, prepared, encoded }: StrategyContext,
  deviation: number,
): Float32Array<ArrayBuffer> {
  const { columns, preparation, targetMean } = prepared;
  const { rank, base } = problem.pairs!;
  const users = encoded.ratings!.users.length;
  const items = encoded.ratings!.items.length;
  const weights = new Float32Array(problem.weightsLength(columns, 0));
  const random = randomFrom(spec.seed).fork("factors");
  for (let block = 1; block <= rank; block++)
    for (let item = 0; item < items; item++)
      weights[block * columns + users + item] = deviation * random.normal();
  if (preparation.intercept) weights[columns - 1] = base ?? targetMean;
  return weights;
}
