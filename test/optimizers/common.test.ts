import { describe, expect, test } from "vitest";
import { adam, adamw } from "../../src/optimizers/adaptive/adam-family.ts";
import { copied } from "../../src/optimizers/adaptive/core.ts";
import { mada } from "../../src/optimizers/adaptive/mada/mada.ts";
import { sgd } from "../../src/optimizers/adaptive/momentum.ts";
import { scheduleFree } from "../../src/optimizers/adaptive/schedule-free.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { fromPacket, toPacket } from "../../src/wire/packet.ts";
import { apart, gradientOf, methodOf, origin, Walker } from "./sequence.ts";

describe("schedules", () => {
  const rates = (schedule: object, steps: readonly number[]) => {
    const { rateAt } = methodOf(sgd, { learningRate: 2, schedule });
    return steps.map(rateAt);
  };

  test("cosine with warm-up, from nothing to the rate and down to its floor", () => {
    const schedule = { type: "cosine", warmUp: 4, steps: 14, floor: 0.1 };
    const told = rates(schedule, [0, 1, 3, 4, 9, 14, 1000]);
    expect(apart(told, [0.5, 1, 2, 2, 1.1, 0.2, 0.2])).toBeLessThan(1e-15);
  });

  test("inverse: a / (a + t), or its root", () => {
    expect(rates({ type: "inverse", after: 10 }, [0, 10, 30])).toEqual([2, 1, 0.5]);
    expect(rates({ type: "inverse", power: 0.5 }, [0, 3, 8])).toEqual([2, 1, 2 / 3]);
    expect(rates({}, [0, 99])).toEqual([2, 2]);
  });

  test("inverse-sqrt, as published: step n of W is min(n / W, sqrt(W / n))", () => {
    const schedule = { type: "inverse-sqrt", warmUp: 4 };
    const published = (n: number) => 2 * Math.sqrt(4) * Math.min(n ** -0.5, n * 4 ** -1.5);
    const steps = [0, 1, 3, 4, 8, 15, 99];
    const wanted = steps.map((step) => published(step + 1));
    expect(apart(rates(schedule, steps), wanted)).toBeLessThan(1e-15);
    expect(() =>
      optimizers.resolve({ type: "sgd", schedule: { type: "inverse-sqrt" } } as never, "o"),
    ).toThrow(/inverse-sqrt needs warmUp/);
  });

  test("a run's round says which step of it is taken", () => {
    const schedule = { type: "inverse", after: 1 };
    const stepper = optimizers.create({ type: "adam", learningRate: 2, schedule } as never);
    if (stepper.searches) throw new Error("adam steps");
    const at = (round: number) => stepper.stepSize({ smoothness: 1, share: 1, round });
    expect([at(0), at(1), at(3)]).toEqual([2, 1, 0.5]);
  });
});

describe("clipping", () => {
  test("shortens the whole gradient to the longest allowed, and leaves a shorter one", () => {
    const step = (clip: number | undefined, g: number[]) =>
      new Walker(sgd, { learningRate: 1, clip }, [0, 0]).step(Float64Array.from(g)).weights;
    expect(apart(step(1, [3, 4]), [-0.6, -0.8])).toBeLessThan(1e-15);
    expect([...step(5, [3, 4])]).toEqual([-3, -4]);
    expect([...step(undefined, [3, 4])]).toEqual([-3, -4]);
  });

  test("MADA's hyper-gradient goes by the gradient as it came", () => {
    const options = { delay: 0, hyperLearningRate: 0.01, hyperMomentum: 0, hyperClip: 1e9, rho: 1 };
    const moved = (scale: number, clip: number | undefined) => {
      const walker = new Walker(mada, { ...options, clip }, [1]);
      walker.step(Float64Array.of(1)).step(Float64Array.of(2)).step(Float64Array.of(scale));
      return walker.state.numbers.q![0]! - 0.9;
    };
    const once = moved(2, 0.5) - moved(0, 0.5);
    expect(moved(20, 0.5) - moved(0, 0.5)).toBeCloseTo(10 * once, 9);
    expect(Math.abs(once)).toBeGreaterThan(1e-7);
  });
});

describe("weight decay", () => {
  const options = { learningRate: 0.1, weightDecay: 0.5 };

  test("is decoupled: weights shrink by rate * decay, whatever the gradient's size", () => {
    const plain = new Walker(adam, { learningRate: 0.1 }).step(gradientOf(1));
    const decayed = new Walker(adamw, options).step(gradientOf(1));
    const expected = plain.weights.map((value, i) => value - 0.05 * origin[i]!);
    expect(apart(decayed.weights, expected)).toBeLessThan(1e-15);
  });

  test("leaves vectors alone where shapes are known", () => {
    const pieces = [
      { name: "kernel", shape: [1, 2] },
      { name: "bias", shape: [2] },
    ];
    const { weights } = new Walker(adamw, options, origin, pieces).step(new Float64Array(4));
    expect(apart(weights, [0.95, -1.9, 0.5, 0.25])).toBeLessThan(1e-15);
  });
});

test("schedule-free: three iterates by hand", () => {
  const [b1, b2, rate, decay] = [0.9, 0.99, 0.1, 0.2];
  const options = { learningRate: rate, beta1: b1, beta2: b2, weightDecay: decay, r: 1 };
  const walker = new Walker(scheduleFree, options, [1]);
  let [x, y, z, v, sum] = [1, 1, 1, 0, 0];
  for (let k = 0; k < 3; k++) {
    const g = Math.cos(k) + y;
    walker.step(Float64Array.of(g));
    v = b2 * v + (1 - b2) * g * g;
    z -= rate * (g / (Math.sqrt(v / (1 - b2 ** (k + 1))) + 1e-8) + decay * y);
    sum += (k + 1) * rate ** 2;
    const c = ((k + 1) * rate ** 2) / sum;
    x = (1 - c) * x + c * z;
    y = b1 * x + (1 - b1) * z;
    expect(walker.weights[0]).toBeCloseTo(x, 14);
    expect(walker.asked[0]).toBeCloseTo(y, 14);
  }
});

test("Nesterov looks ahead: g + mu m", () => {
  const walker = new Walker(sgd, { learningRate: 1, momentum: 0.5, nesterov: true }, [0]);
  walker.step(Float64Array.of(1)).step(Float64Array.of(1));
  // m = 1, 1.5; steps 1.5, 1.75.
  expect(walker.weights[0]).toBe(-3.25);
});

test("a saved MADA goes on bit for bit, learned coefficients included", () => {
  const options = { delay: 3, hyperLearningRate: 0.02, beta3: 0.2, gamma: 0.7, clip: 2 };
  const through = new Walker(mada, options).along(20);
  const resumed = new Walker(mada, options, [...through.weights]);
  resumed.state = fromPacket(toPacket(copied(through.state)));
  expect(resumed.along(60).weights).toEqual(through.along(60).weights);
  expect(resumed.state).toEqual(through.state);
  // Without what was learned it is another path.
  const forgot = new Walker(mada, options, [...new Walker(mada, options).along(20).weights]);
  const { state } = new Walker(mada, options).along(20);
  const q = new Walker(mada, options).step(gradientOf(1)).state.numbers.q!;
  forgot.state = { ...state, numbers: { ...state.numbers, q } };
  expect(forgot.along(60).weights).not.toEqual(through.weights);
});

test("unknown options and values out of range are refused by place", () => {
  const resolve = (options: object) =>
    optimizers.resolve({ type: "mada", ...options }, "optimizer");
  expect(() => resolve({ bета1: 0.9 })).toThrow(/optimizer\.b.*: unknown key/);
  expect(() => resolve({ rho: 1.2 })).toThrow(/optimizer\.rho: .*<=1, got 1\.2/);
  expect(() => resolve({ freeze: ["delta"] })).toThrow(/optimizer\.freeze/);
  expect(() => resolve({ schedule: { type: "cosine", warmUp: 5, steps: 5 } })).toThrow(
    /optimizer\.schedule: cosine needs steps/,
  );
});
