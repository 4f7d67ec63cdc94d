import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import { define } from "../../core/registry.ts";
import { optimizers } from "../../optimizers/registry.ts";
import { type StrategyContext, type StrategyDefinition, trainingStrategy } from "../definition.ts";
import { encodeRows } from "../rounds/definition.ts";
import { steppedPlan } from "../stepped-rounds.ts";
import { type AnytimePlan, anytime } from "./strategy.ts";

const options = {
  seconds: z
    .number()
    .positive()
    .max(60)
    .default(0.5)
    .describe("how long a worker computes in a round, from the start of its invocation"),
  block: z.int().min(1).default(32).describe("rows from one look at the clock to the next"),
  batch: z
    .union([z.int().min(1), z.literal("all")], 'expected a number of rows or "all"')
    .default("all")
    .describe("the most rows of a worker in a round; all: every row of its slot, each once"),
};

export type AnytimeOptions = z.output<z.ZodObject<typeof options>>;

/** Minibatches as large as there is time for. */
export const anytimeStrategy = define({
  name: "anytime",
  summary: "rounds of equal time: a worker does as many rows as it gets through, and none is late",
  reference: "Ferdinand, Al-Lawati, Draper, Nokleby, Anytime Minibatch, ICLR 2019",
  options,
  examples: [{}, { seconds: 0.2, block: 8, batch: 256 }],
  create: (chosen): StrategyDefinition => ({
    stateVersion: 2,
    accepts: {
      problems: { only: ["smooth"], because: "anytime follows gradients", code: "not-proximal" },
      encodings: { only: ["uncoded", "replication"], because: "anytime counts rows as they are" },
      optimizers: {
        only: ["learning rate", "safe step"],
        because: "it searches along a line, and every request is answered over other rows",
      },
      waits: {
        only: ["all", "fastest", "deadline", "speculate"],
        because: "replies of anytime take equally long, so that there is nothing to learn",
      },
      rowWeights: true,
      tableRows: "a reply is of as many rows as there is time for, which touch most of a table",
    },
    usual: { encoding: "uncoded", optimizer: "adam", wait: "all" },
    stepsAlong: "minibatches",
    check({ stop: { patience } }) {
      if (chosen.seconds < patience) return;
      const problem = `strategy.seconds: ${chosen.seconds}: no reply can come in stop.patience`;
      throw new RunError("bad-value", `${problem}: ${patience}`, { hint: "make patience longer" });
    },
    needsCurvature: (spec) => optimizers.create(spec.optimizer).needsCurvature,
    stage: encodeRows,
    open: (context) => trainingStrategy(anytime(anytimePlan(context, chosen))),
  }),
});

/** What the strategy needs to know, once the rows are dealt to the slots. */
export function anytimePlan(context: StrategyContext, chosen: AnytimeOptions): AnytimePlan {
  const { seconds, block, batch } = chosen;
  return {
    ...steppedPlan(context),
    work: { timeMs: 1000 * seconds, block, seed: context.spec.seed },
    batch: batch === "all" ? Number.MAX_SAFE_INTEGER : batch,
  };
}
