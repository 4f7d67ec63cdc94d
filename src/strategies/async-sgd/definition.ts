import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import { define } from "../../core/registry.ts";
import { optimizers } from "../../optimizers/registry.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import {
  type Members,
  type StrategyContext,
  type StrategyDefinition,
  trainingStrategy,
} from "../definition.ts";
import { encodeRows } from "../rounds/definition.ts";
import { stopRuleOf } from "../stop-rule.ts";
import type { AsyncSgdPlan } from "./state.ts";
import { asyncSgd } from "./strategy.ts";

/** Beyond so many passes a slot's gradient says nothing any more. */
const passesMax = 100;

interface AsyncSgdOptions {
  readonly memory: boolean;
  readonly stalenessMax?: number | undefined;
}

/** Asynchronous training: no barrier, every reply is a step. */
export const asyncSgdStrategy = define({
  name: "async-sgd",
  aliases: ["turns"],
  summary: "asynchronous: every slot works all the time, and every reply is a step at once",
  reference:
    "incremental aggregated gradients (Blatt, Hero, Gauchman, SIAM J. Optim. 18, 2007) with memory",
  options: {
    memory: z
      .boolean()
      .default(true)
      .describe(
        "step along the mean of every slot's latest gradient, which ends at the optimum if every " +
          "slot answers again and again; false: along the newest gradient alone",
      ),
    stalenessMax: z
      .int()
      .min(0)
      .optional()
      .describe(
        "gradients of weights this many steps old are not used; 100 passes where absent, a pass " +
          "being as many steps as there are workers",
      ),
  },
  examples: [{}, { memory: false, stalenessMax: 1000 }],
  create: (options): StrategyDefinition => ({
    stateVersion: 2,
    accepts: {
      problems: {
        only: ["smooth"],
        code: "not-proximal",
        because: "an l1 penalty has no gradient where weights are zero",
      },
      optimizers: {
        only: ["gradient-descent"],
        because:
          "async-sgd steps along gradients of different weights, which make no curvature and no " +
          "momentum",
      },
      packedRows: true,
      rowWeights: true,
      tableRows:
        "it steps along the mean of every slot's latest gradient, which has the rows of all",
    },
    usual: { optimizer: "gradient-descent" },
    waitInWords: "nobody: every reply is a step",
    check: (spec, parts) => refuse(spec, parts, options),
    needsCurvature: (spec) => optimizers.create(spec.optimizer).needsCurvature,
    stage: encodeRows,
    open: (context) => trainingStrategy(asyncSgd(asyncSgdPlan(context, options))),
  }),
});

function refuse(spec: RunSpec, parts: Members, { stalenessMax }: AsyncSgdOptions): void {
  const { problem, encoding } = parts;
  const { workers } = spec;
  if (encoding.mixes && !problem.isQuadratic) {
    throw new RunError(
      "not-mixable",
      `encoding: ${spec.encoding.type} stores mixtures of rows, but the loss of ` +
        `${spec.problem.type} is not quadratic and does not hold over mixtures`,
      { hint: "choose encoding: replication or uncoded" },
    );
  }
  if (!encoding.tight && optimizers.create(spec.optimizer).needsCurvature) {
    throw new RunError(
      "unsafe-step",
      `optimizer: the safe step holds for tight frames, and ${spec.encoding.type} is none`,
      { hint: "give the step as a number, or choose another encoding" },
    );
  }
  refuseWaiting(spec, parts);
  if (stalenessMax !== undefined && stalenessMax < workers - 1) {
    throw new RunError(
      "always-stale",
      `strategy.stalenessMax: ${stalenessMax}: with ${workers} workers that are equally quick, ` +
        `every gradient is ${workers - 1} steps old when it comes`,
      { hint: `allow ${2 * workers} or more, or leave it out` },
    );
  }
}

/** Codes that say nothing before several slots have answered have no use for single replies. */
function refuseWaiting({ workers, encoding: chosen }: RunSpec, { encoding }: Members): void {
  const rowsEach = 1000;
  const storedRows = new Array<number>(workers).fill(rowsEach);
  const rows = Math.round((workers * rowsEach) / encoding.redundancy);
  if (workers === 1 || encoding.weights([0], storedRows, rows) !== null) return;
  throw new RunError(
    "bad-combination",
    `encoding: ${chosen.type} estimates nothing from one slot alone, and async-sgd uses ` +
      "replies singly",
    { hint: "choose encoding: hadamard, replication or uncoded" },
  );
}

/** What the strategy needs to know, once the data are encoded. */
export function asyncSgdPlan(opening: StrategyContext, options: AsyncSgdOptions): AsyncSgdPlan {
  const { spec, problem, encoding, prepared, encoded, largestEigenvalue } = opening;
  const { columns, preparation } = prepared;
  const optimizer = optimizers.create(spec.optimizer);
  const smoothness = problem.smoothness(largestEigenvalue) + problem.l2;
  return {
    problem,
    shares: { encoding, storedRows: encoded.slots.map((slot) => slot.rows), rows: encoded.rows },
    shape: { columns, intercept: preparation.intercept },
    weightsLength: problem.weightsLength(columns, preparation.target.classes?.length ?? 0),
    stepSize: (share) => (optimizer.searches ? 0 : optimizer.stepSize({ smoothness, share })),
    memory: options.memory,
    stalenessMax: options.stalenessMax ?? passesMax * spec.workers,
    roundsMax: spec.stop.rounds,
    stop: stopRuleOf(opening),
    patienceMs: spec.stop.patience * 1000,
  };
}
