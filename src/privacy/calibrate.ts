import { RunError } from "../core/errors.ts";
import { checkDelta } from "./account.ts";
import { smallestAbove } from "./accountants/bisect.ts";
import { deltaOfMu, muOf } from "./accountants/gaussian.ts";
import { pldEpsilon } from "./accountants/pld.ts";
import { rdpEpsilon } from "./accountants/rdp.ts";
import { sketchDelta } from "./accountants/sketch.ts";
import type { Adjacency, DpSgdRelease, GaussianRelease, SketchRelease } from "./release.ts";

/** What is to be kept, over everything that is released. */
export interface PrivacyBudget {
  readonly epsilon: number;
  readonly delta: number;
}

/** Messages as they are planned: how far a neighbour moves each, and how noise is shared out. */
export interface MessagePlan {
  readonly adjacency: Adjacency;
  readonly sensitivities: readonly number[];
  /** Each message's deviation as a multiple of one factor; all equal where absent. */
  readonly shape?: readonly number[];
}

/** Normal noise for a schedule that keeps the budget exactly: one release a message. */
export function calibrate(
  budget: PrivacyBudget,
  schedule: MessagePlan,
): readonly GaussianRelease[] {
  const mu = muOf(checked(budget).epsilon, budget.delta);
  const { adjacency, sensitivities, shape } = schedule;
  const sigmas = sensitivities.map((_, t) => shape?.[t] ?? 1);
  if (sigmas.some((sigma, t) => !(sigma > 0) || !(sensitivities[t]! >= 0)))
    throw new RunError(
      "bad-schedule",
      "schedule: a message without noise, expected some for each",
      {
        hint: "leave out messages that no data are in: they cost nothing",
      },
    );
  const squares = sensitivities.reduce((sum, one, t) => sum + (one / sigmas[t]!) ** 2, 0);
  const factor = Math.sqrt(squares) / mu;
  return sensitivities.map((sensitivity, t) => ({
    mechanism: "gaussian",
    adjacency,
    sensitivity,
    sigma: factor * sigmas[t]!,
    times: 1,
  }));
}

/** DP-SGD with the least noise, to six digits, that privacy losses prove to keep the budget. */
export function calibrateDpSgd(
  budget: PrivacyBudget,
  plan: Omit<DpSgdRelease, "noise" | "mechanism">,
): DpSgdRelease {
  const { epsilon, delta } = checked(budget);
  const withNoise = (noise: number): DpSgdRelease => ({ mechanism: "dp-sgd", ...plan, noise });
  if (plan.rate === 1) {
    const sensitivity = plan.adjacency === "replace-one" ? 2 : 1;
    return withNoise((sensitivity * Math.sqrt(plan.steps)) / muOf(epsilon, delta));
  }
  const byOrders = (noise: number) => rdpEpsilon([withNoise(noise)], delta, "integer").value;
  const start = smallestAbove(0, 1, (noise) => byOrders(noise) <= epsilon, 1e-3);
  return withNoise(
    leastNoise(start, epsilon, (noise) => pldEpsilon([withNoise(noise)], delta) ?? byOrders(noise)),
  );
}

/** The least margin that a sketch of this many rows needs: exactly, by its two laws. */
export function calibrateSketch(budget: PrivacyBudget, rows: number): SketchRelease {
  const { epsilon, delta } = checked(budget);
  const sketch = (margin: number): SketchRelease => ({
    mechanism: "sketch",
    adjacency: "zero-out",
    rows,
    margin,
  });
  const holds = (margin: number) => sketchDelta(sketch(margin), epsilon) <= delta;
  return sketch(smallestAbove(1, 10, holds, 1e-9));
}

/**
 * sqrt(2 ln(1.25 / delta)) / epsilon, the formula of before 2018, for comparison. Where it does not
 * keep what it says, which begins at epsilon 1, it is refused.
 */
export function classicalSigma({ epsilon, delta }: PrivacyBudget): number {
  const sigma = Math.sqrt(2 * Math.log(1.25 / delta)) / epsilon;
  const real = deltaOfMu(1 / sigma, epsilon);
  if (epsilon <= 1 && real <= delta) return sigma;
  throw new RunError(
    "classical-formula",
    `the classical formula at epsilon ${epsilon} and delta ${delta}: it is proven up to epsilon ` +
      `1 only, and its delta is really ${real.toPrecision(5)}`,
    { hint: "calibrate by the exact curve instead, as kofn account --epsilon does" },
  );
}

/** Secant steps on logarithms from a noise that is enough; returns one that is, too. */
function leastNoise(enough: number, epsilon: number, epsilonOf: (noise: number) => number): number {
  const excess = (noise: number) => Math.log(epsilonOf(noise) / epsilon);
  let last = enough;
  let atLast = excess(last);
  let noise = enough * (1 - 1e-2);
  for (let i = 0; i < secantsMax; i++) {
    const at = excess(noise);
    if (at <= 0 && at > -tolerance) return noise;
    const slope = (at - atLast) / Math.log(noise / last);
    last = noise;
    atLast = at;
    // Aimed at the middle of what is tolerated, from the safe side.
    noise *= Math.exp(-(at + tolerance / 2) / slope);
  }
  return enough;
}

const tolerance = 2e-6;
const secantsMax = 12;

function checked(budget: PrivacyBudget): PrivacyBudget {
  checkDelta(budget.delta);
  if (budget.epsilon > 0 && Number.isFinite(budget.epsilon)) return budget;
  throw new RunError("bad-value", `epsilon: expected a number above 0, got ${budget.epsilon}`, {
    hint: "0.1 to 3 are usual; what it means depends on delta and on the adjacency",
  });
}
