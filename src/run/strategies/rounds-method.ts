import { RunError } from "../../core/errors.ts";
import { define } from "../../core/registry.ts";
import { encode } from "../../data/encode.ts";
import { optimizers } from "../../optimizers/registry.ts";
import { type Method, type Opening, type Staging, training } from "./method.ts";
import { rounds } from "./rounds.ts";
import type { RoundsPlan } from "./rounds-state.ts";

/** Synchronous rounds over encoded rows: the usual way to train. */
export const roundsMethod = define({
  name: "rounds",
  summary: "synchronous rounds over encoded rows, each closed by its quorum",
  options: {},
  examples: [{}],
  create: (): Method => ({
    check(spec, { problem, encoding }) {
      if (encoding.mixes && !problem.mixable) {
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
          `optimizer: the safe step of ${spec.optimizer.type} holds for tight frames, and ` +
            `${spec.encoding.type} is none`,
          { hint: "give the step as a number, or choose optimizer: l-bfgs or another encoding" },
        );
      }
    },
    needsCurvature: (spec) => optimizers.create(spec.optimizer).needsCurvature,
    stage: encodeRows,
    open: (context) => training(rounds(roundsPlan(context))),
  }),
});

/** Rows encoded and dealt to the slots. */
export function encodeRows({ spec, encoding, prepared, store, onProgress }: Staging) {
  const { encoding: chosen, workers, seed } = spec;
  return encode(prepared, { encoding, chosen, workers, seed }, store, onProgress);
}

/** What the rounds strategy needs to know, once the data are encoded. */
export function roundsPlan(opening: Opening): RoundsPlan {
  const { spec, problem, encoding, wait, prepared, encoded, largestEigenvalue } = opening;
  const { columns, preparation } = prepared;
  return {
    problem,
    optimizer: optimizers.create(spec.optimizer),
    shares: {
      encoding,
      storedRows: encoded.slots.map((slot) => slot.rows),
      rows: encoded.rows,
    },
    wait,
    shape: { columns, intercept: preparation.intercept },
    weightsLength: problem.weightsLength(columns, preparation.target.classes?.length ?? 0),
    largestEigenvalue,
    roundsMax: spec.stop.rounds,
    tolerance: spec.stop.tolerance,
    patienceMs: spec.stop.patience * 1000,
    exact: null,
  };
}
