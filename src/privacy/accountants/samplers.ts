import { assert } from "../../core/errors.ts";
import type { DpSgdRelease } from "../release.ts";
import { type Direction, type LossLaw, sampledLoss } from "./loss-law.ts";
import { allocationLoss, allocationRdp } from "./random-allocation.ts";
import { subsampledRdp } from "./subsampled-rdp.ts";

/** A way of drawing batches, with what releases of the sums over one draw tell. */
interface Sampler {
  /** How many batches are drawn at once; draws are independent. */
  batches(release: DpSgdRelease): number;
  /** The law of one draw's privacy loss. */
  loss(release: DpSgdRelease, direction: Direction, outside: number): LossLaw;
  /** The Renyi divergence of order alpha of one draw. */
  rdp(release: DpSgdRelease, alpha: number): number;
}

const poisson: Sampler = { batches: () => 1, loss: sampledLoss, rdp: subsampledRdp };

/**
 * Poisson's coins, and a random choice of `cap` where they chose more (Chua and others, 2024). A
 * record takes part by its own coin; where the others alone fill the batch, it takes another's
 * place, and the sum moves by twice the clip norm. Whether they do does not depend on it and may be
 * told; so may, if they do, which `cap` of them would be there without it: by symmetry these say
 * nothing of how many there were. What is left is a sampled normal law, at the rate at most, moved
 * by one or by two. More of the others only make the second more likely, so that a bound on the
 * number of records is enough.
 */
const truncatedPoisson: Sampler = {
  batches: () => 1,
  loss(release, direction, outside) {
    const { one, two, share } = partsOf(release);
    const laws = [
      { law: poisson.loss(one, direction, outside), share: 1 - share },
      { law: poisson.loss(two, direction, outside), share },
    ];
    return {
      least: Math.min(...laws.map(({ law }) => law.least)),
      most: Math.max(...laws.map(({ law }) => law.most)),
      outside,
      masses(from, to) {
        let [p, q] = [0, 0];
        for (const { law, share: weight } of laws) {
          const [inP, inQ] = law.masses(from, to);
          p += weight * inP;
          q += weight * inQ;
        }
        return [p, q];
      },
    };
  },
  rdp(release, alpha) {
    const { one, two, share } = partsOf(release);
    const [a, b] = [one, two].map((part) => (alpha - 1) * poisson.rdp(part, alpha));
    const most = Math.max(a!, b!);
    const mean = (1 - share) * Math.exp(a! - most) + share * Math.exp(b! - most);
    return (most + Math.log(mean)) / (alpha - 1);
  },
};

/** What a batch is where the others leave room, and where they do not; and how likely that is. */
function partsOf({ cap, records, ...release }: DpSgdRelease) {
  assert(cap !== undefined && records !== undefined, "a truncated batch has a cap");
  const one: DpSgdRelease = { ...release, sampler: "poisson" };
  return {
    one,
    two: { ...one, noise: one.noise / 2 },
    share: binomialTail(records - 1, release.rate, cap),
  };
}

/** P(X >= k) for X of `n` coins of this rate, never below it but for a double's last digits. */
export function binomialTail(n: number, rate: number, k: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  const odds = Math.log(rate) - Math.log1p(-rate);
  let log = n * Math.log1p(-rate);
  for (let i = 1; i <= k; i++) log += Math.log((n - i + 1) / i) + odds;
  // Below the mean terms grow first: what is summed is then all but the lower ones.
  let term = Math.exp(log);
  let sum = 0;
  const ratio = rate / (1 - rate);
  const mean = (n + 1) * rate;
  for (let i = k; i <= n; i++) {
    sum += term;
    term *= ((n - i) / (i + 1)) * ratio;
    if (i > mean && term < sum * 2 ** -56) break;
  }
  return Math.min(1, sum * (1 + 1e-10));
}

/** Each record in one random step of an epoch, which is drawn at once. */
const randomAllocation: Sampler = {
  batches: ({ epoch }) => epoch!,
  loss: allocationLoss,
  rdp: allocationRdp,
};

/** By the name that a release gives. A full batch is a coin that always falls on one side. */
export const samplers: Readonly<Record<DpSgdRelease["sampler"], Sampler>> = {
  poisson,
  "truncated-poisson": truncatedPoisson,
  "random-allocation": randomAllocation,
  "full-batch": poisson,
};
