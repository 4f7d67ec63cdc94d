import { describe, expect, test } from "vitest";
import { adamw } from "../../src/optimizers/adaptive/adam-family.ts";
import { nadamw } from "../../src/optimizers/adaptive/nadamw.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { apart, methodOf, Walker } from "./sequence.ts";

/*
 * Weights after so many steps on the sequence of `vertices.test.ts`, rate 0.01, b1 = 0.9,
 * b2 = 0.99, eps 1e-8, by optax 0.2.8 (nadamw, jax 0.10.2 with 64 bits). torch 2.15.0 comes to the
 * same within 2e-15: NAdam with decoupled_weight_decay and momentum_decay 1e9, which makes its
 * momentum b1 from the first step on. Without set_default_dtype(float64) it keeps the product of
 * its momenta in single precision, and is 4e-8 apart.
 */
const usual = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };
const golden = [
  {
    steps: 100,
    weightDecay: 0,
    optax: [0.9641628392648084, -2.238223049655629, 1.8159070236104466, 0.060610143263962066],
  },
  {
    steps: 100,
    weightDecay: 0.1,
    optax: [0.8724372211556499, -2.0379201324834, 1.7077102524714813, 0.04653506485065169],
  },
  {
    steps: 3,
    weightDecay: 0.1,
    optax: [0.963824630875489, -1.9744545070168291, 0.5378121780257586, 0.2355792075993047],
  },
];

test.each(golden)("$steps steps with decay $weightDecay end where optax and torch do", (one) => {
  const { steps, weightDecay, optax } = one;
  const { weights } = new Walker(nadamw, { ...usual, weightDecay }).along(steps);
  expect(apart(weights, optax)).toBeLessThan(1e-14);
});

test("five steps by hand, of a gradient that the weights have a part in", () => {
  const [b1, b2, rate, decay, eps] = [0.8, 0.95, 0.1, 0.2, 1e-6];
  const chosen = { learningRate: rate, beta1: b1, beta2: b2, epsilon: eps, weightDecay: decay };
  const walker = new Walker(nadamw, chosen, [1]);
  let [w, m, v] = [1, 0, 0];
  for (let t = 1; t <= 5; t++) {
    const g = Math.cos(t) + w;
    walker.step(Float64Array.of(g));
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g ** 2;
    const ahead = (b1 * m) / (1 - b1 ** (t + 1)) + ((1 - b1) * g) / (1 - b1 ** t);
    w -= rate * (ahead / (Math.sqrt(v / (1 - b2 ** t)) + eps) + decay * w);
    expect(walker.weights[0]).toBeCloseTo(w, 14);
  }
});

test("without momentum there is nothing to look ahead by: AdamW to the bit", () => {
  const options = { ...usual, beta1: 0, weightDecay: 0.1 };
  const ahead = new Walker(nadamw, options).along(50).weights;
  expect(ahead).toEqual(new Walker(adamw, options).along(50).weights);
});

describe("warm-up and cosine", () => {
  const schedule = { type: "cosine", warmUp: 4, steps: 14, floor: 0.1 } as const;

  test("take the rates of torch's and optax's schedules, one after another", () => {
    // torch 2.15.0: SequentialLR of LinearLR(1 / 4, total_iters=3) and CosineAnnealingLR(10, 0.2)
    // at 4; optax 0.2.8: linear_schedule(0.5, 2, 3) joined with cosine_decay_schedule(2, 10, 0.1).
    const { rateAt } = methodOf(nadamw, { learningRate: 2, schedule });
    const rates = Array.from({ length: 15 }, (_, step) => rateAt(step));
    const told = [
      0.5, 1, 1.5, 2, 2, 1.9559508646656383, 1.8281152949374526, 1.6290067270632258,
      1.3781152949374527, 1.1, 0.8218847050625475, 0.5709932729367744, 0.37188470506254745,
      0.24404913533436184, 0.2,
    ];
    expect(apart(rates, told)).toBeLessThan(1e-14);
  });

  test("with decay and the longest gradient end where torch's do", () => {
    // The same in torch, gradients shortened to norm 1, from rate 2 over all 14 steps.
    const options = { ...usual, learningRate: 2, weightDecay: 0.1, clip: 1, schedule };
    const { weights } = new Walker(nadamw, options).along(14);
    const told = [-0.7456120536604289, -2.05326388780903, 8.943907465360407, 1.456825700793145];
    expect(apart(weights, told)).toBeLessThan(1e-13);
    const unclipped = new Walker(nadamw, { ...options, clip: undefined }).along(14).weights;
    expect(apart(unclipped, told)).toBeGreaterThan(1e-2);
  });
});

test("a spec names it with its schedule, and a wrong name is told", () => {
  const resolve = (more: object) => optimizers.resolve({ type: "nadamw", ...more }, "optimizer");
  const schedule = { type: "cosine", warmUp: 5, steps: 100 };
  expect(resolve({ schedule })).toMatchObject({ weightDecay: 1e-4, schedule });
  expect(() => resolve({ schedule: { ...schedule, warmup: 5 } })).toThrow(
    /optimizer\.schedule\.warmup: unknown key/,
  );
});
