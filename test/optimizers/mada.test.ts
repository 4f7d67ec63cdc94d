import { describe, expect, test } from "vitest";
import type { Flat } from "../../src/optimizers/adaptive/core.ts";
import { factorsAt } from "../../src/optimizers/adaptive/mada/factors.ts";
import { finalState, mada } from "../../src/optimizers/adaptive/mada/mada.ts";
import { finishMadaStep, type MadaSlots } from "../../src/optimizers/adaptive/mada/passes.ts";
import { apart, gradientOf, Walker } from "./sequence.ts";

/*
 * Reference values in double precision. Those of `published` are what the authors' code gives when
 * it is run; `clean` is without its slips. The sequence is that of sequence.ts.
 */
const inside = { beta1: 0.85, beta2: 0.95, beta3: 0.3, rho: 0.6, c: 0.7, gamma: 0.8 };
const still = { ...inside, learningRate: 0.01, epsilon: 1e-6, freeze: "all" };

describe("at a point inside, q = (.85, .95, .3, .6, .7, .8), eps 1e-6", () => {
  test.each([
    [1, "clean", [0.99000000950715, -1.990000074023068, 0.509999200079992, 0.240000002666666]],
    [3, "clean", [0.972546773460212, -1.986528005547776, 0.531365396456532, 0.240483034739926]],
    [100, "clean", [0.958097723479987, -2.313713668382862, 1.709139991099206, -0.052654281818309]],
    [1, "published", [0.990087807918268, -1.990613754773739, 0.509440043073185, 0.238892310027613]],
    [3, "published", [0.973655556173944, -1.987269983864047, 0.530452392204617, 0.241777425721198]],
    [
      100,
      "published",
      [0.967144718349795, -2.310375219872919, 1.707947787671346, -0.041919353456375],
    ],
  ] as const)("after %i steps, %s", (steps, compat, expected) => {
    const { weights } = new Walker(mada, { ...still, compat }).along(steps);
    expect(apart(weights, expected)).toBeLessThan(2e-15);
  });

  // -rate <h, du_7/dq>, h = g_8.
  test.each([
    {
      compat: "clean",
      kappa: 1,
      expected: [
        7.7356038843442885e-3, -1.1623515265295965e-2, -2.3040320562371075e-3,
        -6.252652803534772e-4, 2.5494612935100377e-5, -4.5466627805814286e-4,
      ],
    },
    {
      compat: "clean",
      kappa: 0,
      expected: [
        7.7356038843442885e-3, -1.217914962132211e-2, -2.233447916447671e-3, -6.252652803534772e-4,
        2.3277690071178613e-5, -4.5466627805814286e-4,
      ],
    },
    {
      compat: "published",
      kappa: 0,
      expected: [
        7.353969008127934e-3, -1.2405032136897766e-2, -1.976410149240342e-3, -4.8153409103296533e-4,
        2.2984538777398383e-5, -6.237267640639583e-4,
      ],
    },
  ] as const)("hyper-gradients at t = 7, $compat, kappa $kappa", ({ compat, kappa, expected }) => {
    const { state } = new Walker(mada, { ...still, compat }).along(7);
    const shape = { epsilon: 1e-6, denom: "avg", debias: "shared", compat } as const;
    const factors = { ...factorsAt({ ...inside, alpha: 1 }, 7, shape), kappa };
    const slopes = finishMadaStep(state.slots as unknown as MadaSlots, gradientOf(8), 1, factors);
    for (const [k, value] of expected.entries())
      expect(Math.abs(-0.01 * slopes[k]! - value) / Math.abs(value)).toBeLessThan(1e-11);
  });
});

describe("learning on f = x'Ax / 2, A = [[3,1,0],[1,2,.5],[0,.5,1]], from [1, -2, .5]", () => {
  const start = { beta1: 0.9, beta2: 0.95, beta3: 0.1, rho: 0.5, c: 0.5, gamma: 0.9 };
  // Hyper-gradients reach 24 here: the reference was computed without their clipping.
  const whole = { hyperClip: 1e6, hyperMomentum: 0, delay: 0 };
  const options = { ...start, ...whole, learningRate: 0.05, epsilon: 1e-6 };
  const learning = { ...options, hyperLearningRate: 0.01 };

  test.each([
    {
      compat: "clean",
      steps: 5,
      x: [0.692765496498, -1.689964047422, 0.803799921149],
      q: [0.940163956148, 0.919500527354, 0.099812415056, 0.49897645732, 0.500090038852],
      gamma: 0.901046081922,
    },
    {
      compat: "clean",
      steps: 100,
      x: [-0.015738961962, 0.05468643367, -0.059023544234],
      q: [0.745295490969, 0.882836086544, 0.102961931143, 0.495093979317, 0.500265646961],
      gamma: 0.900644506852,
    },
    {
      compat: "published",
      steps: 5,
      x: [0.698707973825, -1.697049319523, 0.797026883621],
      q: [0.939382201703, 0.911833436094, 0.100048370597, 0.499018265317, 0.500077065383],
      gamma: 0.900906023244,
    },
    {
      compat: "published",
      steps: 100,
      x: [-0.021917327122, 0.05694026617, -0.059999719924],
      q: [0.786199246594, 0.877785962028, 0.102606353566, 0.495572394937, 0.500184955385],
      gamma: 0.899012226327,
    },
  ])("$compat after $steps steps", ({ compat, steps, x, q, gamma }) => {
    const walker = descend(new Walker(mada, { ...learning, compat }, [1, -2, 0.5]), steps);
    expect(apart(walker.weights, x)).toBeLessThan(1e-12);
    const learned = walker.state.numbers.q!.subarray(0, 6);
    expect(apart(learned, [...q, gamma])).toBeLessThan(1e-12);
  });

  test("learning is worth it here, and its end frozen is another run, always the same", () => {
    const frozen = descend(new Walker(mada, { ...options, freeze: "all" }, [1, -2, 0.5]), 100);
    const free = descend(new Walker(mada, learning, [1, -2, 0.5]), 100);
    expect(bowl(frozen.weights)).toBeCloseTo(0.00669475195957, 13);
    expect(bowl(free.weights)).toBeCloseTo(0.00262946653226, 13);
    const learned = free.method.core.learned!(free.state);
    const final = finalState(learning, learned);
    const again = () => descend(new Walker(mada, final, [1, -2, 0.5]), 100);
    expect(again().weights).toEqual(again().weights);
    expect(again().weights).not.toEqual(free.weights);
    expect(again().method.core.learned!(again().state)).toEqual(learned);
  });
});

/** Ax. */
function slope([x, y, z]: Flat): Flat {
  return Float64Array.of(3 * x! + y!, x! + 2 * y! + 0.5 * z!, 0.5 * y! + z!);
}

function bowl(at: Flat): number {
  const g = slope(at);
  return (at[0]! * g[0]! + at[1]! * g[1]! + at[2]! * g[2]!) / 2;
}

function descend(walker: Walker, steps: number): Walker {
  while (walker.state.step < steps) walker.step(slope(walker.weights));
  return walker;
}
