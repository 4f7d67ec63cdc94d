import type { DpSgdRelease, MechanismUse } from "../release.ts";
import { type Group, grouped } from "./grouped.ts";
import { samplers } from "./samplers.ts";

/** An epsilon, or a delta, with the Renyi order that gave it. */
export interface AtOrder {
  readonly value: number;
  readonly order: number;
}

/** Which orders are tried: whole ones, whose moments are finite sums, or all. */
export type Orders = "integer" | "real";

/**
 * Renyi accounting (Mironov, 2017): divergences of one order add up, and each order proves an
 * epsilon of its own. The smallest over the orders; infinite where none proves anything.
 */
export function rdpEpsilon(
  releases: readonly MechanismUse[],
  delta: number,
  orders: Orders = "real",
): AtOrder {
  const groups = grouped(releases);
  if (groups.length === 0) return { value: 0, order: Number.POSITIVE_INFINITY };
  const best = bestOrder(
    groups,
    orders,
    (alpha, rdp) => rdp + Math.log1p(-1 / alpha) - Math.log(alpha * delta) / (alpha - 1),
    (rdp, target) => rdp - Math.LN2 > target,
  );
  return { ...best, value: Math.max(0, best.value) };
}

/** The smallest delta at `epsilon`. */
export function rdpDelta(
  releases: readonly MechanismUse[],
  epsilon: number,
  orders: Orders = "real",
): AtOrder {
  const groups = grouped(releases);
  if (groups.length === 0) return { value: 0, order: Number.POSITIVE_INFINITY };
  const { value, order } = bestOrder(
    groups,
    orders,
    (alpha, rdp) => (alpha - 1) * (rdp + Math.log1p(-1 / alpha) - epsilon) - Math.log(alpha),
    (rdp) => rdp - Math.LN2 > epsilon,
  );
  return { value: Math.min(1, Math.exp(value)), order };
}

/** The divergence of order alpha of all releases together; infinite where there is none. */
export function rdpOf(groups: readonly Group[], alpha: number): number {
  let sum = 0;
  for (const { release, count } of groups) sum += count * rdpOfOne(release, alpha);
  return sum;
}

function rdpOfOne(release: MechanismUse, alpha: number): number {
  switch (release.mechanism) {
    case "gaussian":
      return (alpha * (release.sensitivity / release.sigma) ** 2) / 2;
    case "laplace":
      return laplaceRdp(release.sensitivity / release.scale, alpha);
    case "dp-sgd":
      return rdpOfBatch(release, alpha);
    case "sketch":
      return sketchRdp(release.rows, release.margin, alpha);
  }
}

/** A batch's share of the draw that it is of. */
function rdpOfBatch(release: DpSgdRelease, alpha: number): number {
  const { rdp, batches } = samplers[release.sampler];
  return rdp(release, alpha) / batches(release);
}

/** Mironov (2017), table II, for sensitivity over scale `t`. */
function laplaceRdp(t: number, alpha: number): number {
  const up = Math.log(alpha / (2 * alpha - 1)) + (alpha - 1) * t;
  const down = Math.log((alpha - 1) / (2 * alpha - 1)) - alpha * t;
  return (up + Math.log1p(Math.exp(down - up))) / (alpha - 1);
}

/** The Gaussian mixing mechanism of k rows, for 1 < alpha < gamma; unbounded above. */
export function sketchRdp(rows: number, margin: number, alpha: number): number {
  if (alpha >= margin) return Number.POSITIVE_INFINITY;
  const one = alpha * Math.log1p(-1 / margin) - Math.log1p(-alpha / margin);
  return (rows * one) / (2 * (alpha - 1));
}

type Objective = (alpha: number, rdp: number) => number;

/**
 * Whole orders first, as far up as they can still win: divergences grow with the order, and the
 * rest of the objective is never below -ln 2. Then the best whole order's surroundings.
 */
function bestOrder(
  groups: readonly Group[],
  orders: Orders,
  objective: Objective,
  isHopeless: (rdp: number, best: number) => boolean,
): AtOrder {
  let best: AtOrder = { value: Number.POSITIVE_INFINITY, order: Number.POSITIVE_INFINITY };
  for (let alpha = 2; alpha <= orderMax; alpha = nextOrder(alpha)) {
    const rdp = rdpOf(groups, alpha);
    const value = objective(alpha, rdp);
    if (value < best.value) best = { value, order: alpha };
    if (isHopeless(rdp, best.value)) break;
  }
  if (orders === "integer") return best;
  const middle = Number.isFinite(best.order) ? best.order : 2;
  const valueAt = (alpha: number) => objective(alpha, rdpOf(groups, alpha));
  const near =
    middle === 2 ? belowThree(valueAt) : golden(previousOrder(middle), nextOrder(middle), valueAt);
  return near.value < best.value ? near : best;
}

/** Little noise is best accounted for just above order 1: the distance from it, on a log scale. */
function belowThree(valueAt: (alpha: number) => number): AtOrder {
  const orderAt = (log: number) => 1 + Math.exp(log);
  const near = golden(Math.log(1e-6), Math.LN2, (log) => valueAt(orderAt(log)));
  return { ...near, order: orderAt(near.order) };
}

const everyOrderUpTo = 256;
const orderMax = 100_000;

function nextOrder(alpha: number): number {
  return alpha < everyOrderUpTo ? alpha + 1 : Math.ceil(alpha * 1.05);
}

function previousOrder(alpha: number): number {
  return alpha <= everyOrderUpTo ? alpha - 1 : Math.floor(alpha / 1.06);
}

/** The least value between two ends, where it falls and then rises. */
function golden(from: number, to: number, valueAt: (x: number) => number): AtOrder {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = from;
  let high = to;
  let left = high - ratio * (high - low);
  let right = low + ratio * (high - low);
  let atLeft = valueAt(left);
  let atRight = valueAt(right);
  while (high - low > 1e-7 * Math.abs(high)) {
    if (atLeft <= atRight) {
      high = right;
      right = left;
      atRight = atLeft;
      left = high - ratio * (high - low);
      atLeft = valueAt(left);
    } else {
      low = left;
      left = right;
      atLeft = atRight;
      right = low + ratio * (high - low);
      atRight = valueAt(right);
    }
  }
  return atLeft <= atRight ? { value: atLeft, order: left } : { value: atRight, order: right };
}
