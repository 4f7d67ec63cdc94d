import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import { define } from "../../core/registry.ts";
import { encodeFeatures } from "../../data/encode/encode-features.ts";
import type { Prepared } from "../../data/manifests.ts";
import type { Problem } from "../../problems/problem.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import {
  type IngestContext,
  type Members,
  type StrategyContext,
  type StrategyDefinition,
  trainingStrategy,
} from "../definition.ts";
import { stopRuleOf } from "../stop-rule.ts";
import type { BlocksPlan } from "./state.ts";
import { encodedBlocks } from "./strategy.ts";

/** A round's replies together, which stay in the orchestrator until it closes. */
const repliesBytesMax = 512 * 1024 * 1024;

/** Model-parallel training over encoded features: exact for every smooth loss. */
export const encodedBlocksStrategy = define({
  name: "encoded-blocks",
  summary:
    "block coordinate descent over encoded features: any smooth loss, exact with lost workers",
  reference: "Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019: model parallelism, encoded features",
  options: {
    penalty: z
      .enum(["weights", "lifted"])
      .default("weights")
      .describe("what the l2 penalty is on; lifted is refused, because it is biased"),
  },
  examples: [{}],
  create: ({ penalty }): StrategyDefinition => ({
    stateVersion: 2,
    accepts: {
      problems: {
        only: ["smooth"],
        code: "not-smooth",
        because:
          "it has the penalty |w|_1, but w = S'v couples all coordinates of w, and no step on a " +
          "block of v is a proximal step in w",
      },
      encodings: {
        only: ["tight"],
        code: "unsafe-step",
        because: "it is no tight frame, and the step 1/(cL) holds for those only",
      },
      optimizers: {
        only: ["gradient-descent"],
        because: "encoded-blocks moves each block along its own negative gradient",
      },
    },
    usual: { encoding: "hadamard", optimizer: "gradient-descent" },
    isExact: true,
    check(_spec, parts) {
      if (penalty === "lifted") throw penaltyOnLifted;
      refuse(parts);
    },
    needsCurvature: (spec) => stepOf(spec) === "safe",
    stage: encodeColumns,
    open: (context) => trainingStrategy(encodedBlocks(blocksPlan(context))),
  }),
});

const penaltyOnLifted = new RunError(
  "biased-penalty",
  "strategy.penalty: lifted: |v|^2 has the optimum of |w|^2 only if every block keeps moving; " +
    "with a worker lost for good, training would end somewhere else",
  { hint: "leave it at weights: the penalty is then exact whoever is lost" },
);

function refuse({ encoding }: Members): void {
  if (encoding.encode === "workers") {
    throw new RunError(
      "bad-combination",
      "encoding.encode: workers: a block holds mixtures of whole features, of which no worker " +
        "has the rows at hand; they are formed ahead",
      { hint: "leave encode out, or set it to ahead" },
    );
  }
}

/** Features encoded and dealt to the slots. */
function encodeColumns({ spec, encoding, prepared, store, onProgress }: IngestContext) {
  const { encoding: chosen, workers, seed } = spec;
  return encodeFeatures(prepared, { encoding, chosen, workers, seed }, store, onProgress);
}

/** What the strategy needs to know, once the data are encoded. */
export function blocksPlan(opening: StrategyContext): BlocksPlan {
  const { spec, problem, wait, prepared, encoded, largestEigenvalue } = opening;
  const { rows, columns, preparation } = prepared;
  const weightsLength = lengthOf(problem, prepared);
  refuseLargeReplies(spec.workers, rows, weightsLength, columns);
  const step = stepOf(spec);
  const smoothness = problem.smoothness(largestEigenvalue) + problem.l2;
  return {
    problem,
    wait,
    rows,
    shape: { columns, intercept: preparation.intercept },
    weightsLength,
    storedRows: encoded.slots.map((slot) => slot.rows),
    scale: encoded.scale,
    stepSize: step === "safe" ? 1 / (encoded.scale * smoothness) : step,
    roundsMax: spec.stop.rounds,
    stop: stopRuleOf(opening),
    patienceMs: spec.stop.patience * 1000,
  };
}

function lengthOf(problem: Problem, { columns, preparation }: Prepared): number {
  return problem.weightsLength(columns, preparation.target.classes?.length ?? 0);
}

/** The option of gradient-descent. */
function stepOf({ optimizer }: RunSpec): "safe" | number {
  return typeof optimizer.step === "number" ? optimizer.step : "safe";
}

function refuseLargeReplies(
  workers: number,
  rows: number,
  weightsLength: number,
  columns: number,
): void {
  const outputs = weightsLength / columns;
  const bytes = 4 * workers * outputs * (rows + columns);
  if (bytes <= repliesBytesMax) return;
  const mebibytes = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`;
  throw new RunError(
    "replies-too-large",
    `data: ${rows} rows for ${workers} workers: the replies of a round take ` +
      `${mebibytes(bytes)}, but the orchestrator keeps at most ${mebibytes(repliesBytesMax)}`,
    { hint: "choose fewer workers, or strategy: rounds, whose replies do not grow with the rows" },
  );
}
