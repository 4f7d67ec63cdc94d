import { RunError } from "../../core/errors.ts";
import type { CommitteeSize } from "../../privacy/mechanisms/secure-sum.ts";
import type { Adjacency } from "../../privacy/release.ts";
import { hasRunningStats } from "../../problems/running-stats.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import type { Members } from "../definition.ts";
import {
  checkPrivateRows,
  keptPlaces,
  movesOthers,
  refuseMovedRows,
} from "../privacy-preconditions.ts";
import { checkSecureSum, committeeFor } from "../secure-sums/options.ts";
import type { DpSgdPlan } from "./state.ts";

interface Chosen {
  readonly noise: DpSgdPlan["noiseAt"];
  readonly rate: number;
  readonly cap?: number | undefined;
  readonly epoch?: number | undefined;
  readonly secureSum?: CommitteeSize | undefined;
}

/** Refuses, before anything is read, whatever would have no guarantee or no meaning. */
export function checkDpSgd(spec: RunSpec, parts: Members, chosen: Chosen): void {
  const { noise: noiseAt, rate, cap, epoch, secureSum } = chosen;
  const { privacy, problem: asked } = spec;
  if (privacy === undefined) {
    throw new RunError("no-privacy", "strategy: dp-sgd needs a budget, and privacy is not given", {
      hint: "give privacy: { epsilon, delta, unit: record, adjacency, clip }",
    });
  }
  checkPrivateRows(spec, parts);
  const { problem } = parts;
  if (hasRunningStats(problem)) {
    throw new RunError(
      "not-private",
      `problem.model: ${asked.model}: its batch normalisation mixes the records of a batch, so ` +
        "that one shows in the gradients of the others, where no clipping bounds it",
      { hint: "normalise by layer instead (layerNormalization), or leave it out" },
    );
  }
  refuseBudget(privacy);
  if (epoch !== undefined) refuseEpoch(epoch, { rate, cap, adjacency: privacy.adjacency });
  if (cap !== undefined) refuseCap(cap, rate, privacy.divisor);
  if (movesOthers(spec) && noiseAt === "workers")
    throw new RunError(
      "not-private",
      "strategy.noise: workers, under privacy.adjacency: add-remove: one record more or less " +
        "moves others from worker to worker, and the sum of each would tell",
      { hint: `${keptPlaces}, or give strategy.noise: aggregator` },
    );
  refuseMovedRows(spec, parts.wait);
  const committee = committeeFor(secureSum);
  if (committee === null) return;
  if (noiseAt === "aggregator")
    throw new RunError(
      "bad-combination",
      `strategy.secureSum: ${secureSum}: with noise: aggregator one worker would still see the ` +
        "total without noise",
      { hint: "give strategy.noise: workers: each then adds a share of what one would add" },
    );
  checkSecureSum(spec, parts.wait, committee);
}

/** Random allocation is a way of drawing by itself, and its account knows two adjacencies. */
function refuseEpoch(
  epoch: number,
  { rate, cap, adjacency }: Pick<Chosen, "rate" | "cap"> & { readonly adjacency: Adjacency },
): void {
  if (rate !== 1 || cap !== undefined) {
    const other = rate !== 1 ? `rate ${rate}` : `cap ${cap}`;
    throw new RunError(
      "bad-combination",
      `strategy.epoch: ${epoch} with ${other}: each record is in one round of an epoch, drawn ` +
        "uniformly",
      { hint: "leave the epoch out for coins of a rate, or give the epoch alone" },
    );
  }
  if (adjacency === "replace-one")
    throw new RunError(
      "not-private",
      `strategy.epoch: ${epoch}, under privacy.adjacency: replace-one, for which no cost of ` +
        "random allocation is proven",
      { hint: "give privacy.adjacency: zero-out or add-remove, or strategy.rate instead" },
    );
}

function refuseCap(cap: number, rate: number, divisor: number | undefined): void {
  if (rate === 1)
    throw new RunError("bad-combination", `strategy.cap: ${cap} with rate 1: batches are whole`, {
      hint: "give a rate below 1, or leave the cap out",
    });
  if (divisor === undefined)
    throw new RunError(
      "ambiguous-privacy",
      `strategy.cap: ${cap}: what it costs depends on how many records there are`,
      {
        hint: "give privacy.divisor: the rows for training that all workers together have at most",
      },
    );
}

function refuseBudget({ unit, adjacency, noise, delta, divisor }: NonNullable<RunSpec["privacy"]>) {
  const refuse = (path: string, what: string, hint: string) =>
    new RunError("ambiguous-privacy", `privacy.${path}: ${what}`, { hint });
  if (noise !== "gaussian")
    throw refuse("noise", `${noise}: sums of clipped gradients take normal noise`, "leave it out");
  if (delta === 0) throw refuse("delta", "0, which normal noise cannot keep", "give 1e-5, say");
  if (unit !== "record")
    throw refuse("unit", `${unit}: gradients are clipped record by record`, "choose unit: record");
  if (adjacency === "add-remove" && divisor === undefined)
    throw refuse(
      "divisor",
      "nothing given, and under add-remove the number of rows is private",
      "give a public number, such as the rows that all workers together are expected to have",
    );
}
