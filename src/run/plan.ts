import { RunError } from "../core/errors.ts";
import type { Encoded, Prepared } from "../data/prepared.ts";
import type { Encoding } from "../encoding/encoding.ts";
import { encodings } from "../encoding/registry.ts";
import { optimizers } from "../optimizers/registry.ts";
import type { RunFacts } from "../ports/events.ts";
import type { Problem } from "../problems/problem.ts";
import { problems } from "../problems/registry.ts";
import type { RunSpec } from "./spec.ts";
import type { RoundsPlan } from "./strategies/rounds.ts";
import { type WaitRule, waitRule } from "./strategies/wait.ts";

/** A spec whose names have become members, and whose combinations are known to work. */
export interface Plan {
  readonly problem: Problem;
  readonly encoding: Encoding;
  readonly wait: WaitRule;
}

/** Refuses, before anything starts, what cannot work: throws `RunError` with the reason. */
export function planRun(spec: RunSpec): Plan {
  const problem = problems.create(spec.problem);
  const encoding = encodings.create(spec.encoding);
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
  const refusal = encoding.refusal(spec.workers);
  if (refusal !== null) {
    throw new RunError("bad-combination", `workers: ${spec.workers}: ${refusal}`, {
      hint: "change workers or the encoding's redundancy",
    });
  }
  return { problem, encoding, wait: waitRule(spec.wait, spec.workers) };
}

/** What the rounds strategy needs to know, once the data are encoded. */
export function roundsPlan(
  spec: RunSpec,
  prepared: Prepared,
  encoded: Encoded,
  largestEigenvalue: number,
): RoundsPlan {
  const { problem, encoding, wait } = planRun(spec);
  return {
    problem,
    optimizer: optimizers.create(spec.optimizer),
    shares: {
      encoding,
      storedRows: encoded.slots.map((slot) => slot.rows),
      rows: encoded.rows,
    },
    wait,
    columns: prepared.columns,
    intercept: prepared.preparation.intercept,
    largestEigenvalue,
    roundsMax: spec.stop.rounds,
    tolerance: spec.stop.tolerance,
    patienceMs: spec.stop.patience * 1000,
  };
}

/** The facts that a report opens with. */
export function factsOf(spec: RunSpec, prepared: Prepared): RunFacts {
  const { encoding, wait } = planRun(spec);
  return {
    problem: spec.problem.type,
    optimizer: spec.optimizer.type,
    encoding: spec.encoding.type,
    redundancy: encoding.redundancy,
    workers: spec.workers,
    wait: wait.inWords,
    rows: prepared.rows,
    testRows: prepared.testRows,
    features: prepared.columns,
    roundsMax: spec.stop.rounds,
  };
}
