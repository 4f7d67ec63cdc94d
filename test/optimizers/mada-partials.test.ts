import { describe, expect, test } from "vitest";
import type { Flat } from "../../src/optimizers/adaptive/core.ts";
import {
  coefficientBounds,
  coefficientNames,
  learnCoefficients,
  type MadaCoefficients,
  perCoefficient,
} from "../../src/optimizers/adaptive/mada/coefficients.ts";
import { factorsAt, type MadaShape } from "../../src/optimizers/adaptive/mada/factors.ts";
import { mada } from "../../src/optimizers/adaptive/mada/mada.ts";
import {
  finishMadaStep,
  type MadaSlots,
  madaMove,
} from "../../src/optimizers/adaptive/mada/passes.ts";
import { gradientOf, Walker } from "./sequence.ts";

const inside = { beta1: 0.85, beta2: 0.95, beta3: 0.3, rho: 0.6, c: 0.7, gamma: 0.8, alpha: 1 };
const width = 1e-6;

const shapes: readonly MadaShape[] = (["avg", "max"] as const).flatMap((denom) =>
  (["shared", "branch", "none"] as const).map(
    (debias) => ({ denom, debias, epsilon: 1e-6, compat: "clean" }) as const,
  ),
);

describe.each(shapes)("$denom, debias $debias", (shape) => {
  test.each([2, 7, 50])("every partial at t = %i is the slope of the step", (t) => {
    const slots = slotsAfter(t, shape);
    for (let i = 0; i < 4; i++) {
      const h = new Float64Array(4);
      h[i] = 1;
      const slopes = finishMadaStep(copies(slots), h, 1, factorsAt(inside, t, shape));
      for (const [k, name] of coefficientNames.entries()) {
        if (name === "alpha") continue;
        const [up, down] = [width, -width].map((by) => {
          const q: MadaCoefficients = { ...inside, [name]: inside[name] + by };
          return stepOf(slots, t, q, shape)[i]!;
        });
        const slope = (up! - down!) / (2 * width);
        const off = Math.abs(slopes[k]! - slope);
        expect(off, `${name}, weight ${i}`).toBeLessThan(1e-6 * Math.abs(slope) + 2e-9);
      }
    }
  });

  test("alpha's slope is the step itself", () => {
    const slots = slotsAfter(7, shape);
    const step = stepOf(slots, 7, inside, shape);
    const h = gradientOf(8);
    const slopes = finishMadaStep(copies(slots), h, 1, factorsAt(inside, 7, shape));
    const along = step.reduce((sum, value, i) => sum + value * h[i]!, 0);
    expect(slopes[6]).toBeCloseTo(along, 12);
  });
});

test("published slopes leave the mean out, and are none of the step", () => {
  const shape = { denom: "avg", debias: "shared", epsilon: 1e-6, compat: "clean" } as const;
  const slots = slotsAfter(7, shape);
  const h = Float64Array.of(1, 0, 0, 0);
  const [up, down] = [width, -width].map(
    (by) => stepOf(slots, 7, { ...inside, beta2: 0.95 + by }, shape)[0]!,
  );
  const slopes = finishMadaStep(copies(slots), h, 1, { ...factorsAt(inside, 7, shape), kappa: 0 });
  const slope = (up! - down!) / (2 * width);
  expect(Math.abs(slopes[1]! - slope)).toBeGreaterThan(1e-2 * Math.abs(slope));
});

test("at t = 1 neither b1 nor b2 matters", () => {
  const slopes = finishMadaStep(
    slotsAfter(1, shapes[0]!),
    Float64Array.of(1, 1, 1, 1),
    1,
    factorsAt(inside, 1, shapes[0]!),
  );
  expect(Math.abs(slopes[0]!)).toBeLessThan(1e-14);
  expect(Math.abs(slopes[1]!)).toBeLessThan(1e-14);
});

test("the mean's own divisor is what a constant square leaves in it, at every t", () => {
  for (const beta2 of [0.501, 0.95, 0.9999]) {
    for (const t of [1, 2, 3, 100, 5000]) {
      let [v, sum] = [0, 0];
      for (let s = 1; s <= t; s++) {
        v = beta2 * v + (1 - beta2);
        sum += v;
      }
      const q = { ...inside, beta2, rho: 0 };
      const { mean } = factorsAt(q, t, { ...shapes[0]!, debias: "branch" });
      expect(Math.abs(mean * (sum / t) - 1)).toBeLessThan(1e-10);
    }
  }
  // Known: at b2 = .95, t = 100 the mean holds 0.811 of it, and 1 - b2^t = 0.994.
  const q = { ...inside, rho: 0 };
  expect(1 / factorsAt(q, 100, { ...shapes[0]!, debias: "branch" }).mean).toBeCloseTo(0.811, 3);
  expect(1 / factorsAt(q, 100, shapes[0]!).mean).toBeCloseTo(0.994, 3);
});

describe("a hyper-step", () => {
  const still = { beta1: 0, beta2: 0, beta3: 0, rho: 0, c: 0, gamma: 0, alpha: 0 };
  const learning = { rates: { ...still, rho: 0.1 }, momenta: still, delay: 0, clip: 10 };

  test("goes along -rate <h, du/dq>, cut to the clip, within bounds; the others stay", () => {
    const q = Float64Array.of(0.9, 0.95, 0, 0.5, 1, 1, 1);
    const slopes = Float64Array.of(1, 1, 1, 3, 1, 1, 1);
    const moved = q.slice();
    learnCoefficients(moved, new Float64Array(7), slopes, 0.5, learning);
    expect([...moved]).toEqual([0.9, 0.95, 0, 0.5 + 0.1 * 0.5 * 3, 1, 1, 1]);
    slopes[3] = -1e3;
    learnCoefficients(moved, new Float64Array(7), slopes, 0.5, { ...learning, clip: 2 });
    expect(moved[3]).toBeCloseTo(0.65 - 0.1 * 2, 12);
    for (const sign of [1, -1]) {
      slopes[3] = 1e3 * sign;
      learnCoefficients(moved, new Float64Array(7), slopes, 0.5, { ...learning, clip: 1e6 });
      expect(moved[3]).toBe(sign > 0 ? coefficientBounds.rho[1] : coefficientBounds.rho[0]);
    }
  });

  test("has a momentum, and one number speaks for the six", () => {
    const q = Float64Array.of(0.9, 0.95, 0, 0.2, 1, 1, 1);
    const momenta = new Float64Array(7);
    const slopes = Float64Array.of(0, 0, 0, 1, 0, 0, 0);
    const slow = { ...learning, momenta: perCoefficient(0.5, still) };
    learnCoefficients(q, momenta, slopes, 1, slow);
    learnCoefficients(q, momenta, slopes, 1, slow);
    expect(q[3]).toBeCloseTo(0.2 + 0.1 * (1 + 1.5), 12);
    expect(perCoefficient(0.3, still)).toEqual({
      ...{ beta1: 0.3, beta2: 0.3, beta3: 0.3, rho: 0.3, c: 0.3, gamma: 0.3 },
      alpha: 0,
    });
    expect(perCoefficient({ alpha: 0.2 }, still).alpha).toBe(0.2);
  });

  test("is first taken after the delay, and learns the rate only where that is named", () => {
    const at = (options: object, steps: number) =>
      new Walker(mada, { hyperLearningRate: 0.01, ...options }).along(steps).state.numbers.q!;
    expect([...at({}, 50)]).toEqual([0.9, 0.95, 0, 0, 1, 1, 1]);
    expect([...at({}, 51)]).not.toEqual([0.9, 0.95, 0, 0, 1, 1, 1]);
    expect(at({ delay: 3 }, 60)[6]).toBe(1);
    expect(at({ delay: 3, hyperLearningRate: { alpha: 0.5 } }, 60)[6]).not.toBe(1);
    const frozen = at({ delay: 3, freeze: ["beta1", "rho"] }, 60);
    expect([frozen[0], frozen[3]]).toEqual([0.9, 0]);
    expect(frozen[1]).not.toBe(0.95);
  });
});

/** The state as a step t leaves it for the next gradient, on the sequence. */
function slotsAfter(t: number, { denom, debias }: MadaShape): MadaSlots {
  const { alpha: _, ...six } = inside;
  const options = { ...six, denom, debias, epsilon: 1e-6, freeze: "all" };
  return new Walker(mada, options).along(t).state.slots as unknown as MadaSlots;
}

function copies(slots: MadaSlots): MadaSlots {
  return structuredClone(slots);
}

/** u_t with other coefficients, from the same means and gradients. */
function stepOf(slots: MadaSlots, t: number, q: MadaCoefficients, shape: MadaShape): Flat {
  const weights = new Float64Array(4);
  madaMove(slots, weights, -1, factorsAt(q, t, shape));
  return weights;
}
