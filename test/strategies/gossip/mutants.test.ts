import { describe, expect, test } from "vitest";
import type { Calibration } from "../../../src/strategies/gossip/schedule.ts";
import { calibrated, check6, check8, check9, check11, production } from "./checks.ts";
import type { Pieces } from "./pieces.ts";

test("6, 8, 9, 11: what is shipped passes", () => {
  check6(calibrated);
  check8(production);
  check9(production);
  check11(production.step);
});

describe("6: the ledger and the formula of geometric steps", () => {
  // Huang et al.: b_t = 2 C sqrt(n) c p / (epsilon (p - q)) p^t, C = n = c = 1, q = .6, p = .9.
  const b = (t: number) => ((2 * 0.9) / (0.9 - 0.6)) * 0.9 ** t;

  test("b_0 = 6, b_10 = 2.0920706406; where a step shows a message later, it costs 1/p", () => {
    expect(b(0)).toBeCloseTo(6, 12);
    expect(b(10)).toBeCloseTo(2.0920706406, 9);
    let delayed = 0;
    let sameRound = 0;
    for (let t = 0; t < 400; t++) {
      sameRound += (2 * 0.6 ** t) / b(t);
      delayed += (2 * 0.6 ** t) / b(t + 1);
    }
    expect(sameRound).toBeCloseTo(1, 12);
    expect(delayed).toBeCloseTo(1 / 0.9, 12);
    expect(delayed).toBeCloseTo(1.1111, 4);
  });

  test("so the noise that is drawn is the formula's by 1/p, once there are enough messages", () => {
    const steps = { first: 1, ratio: 0.6, noiseRatio: 0.9 };
    const about = { steps, messages: 200, dimension: 1, noise: "laplace" } as const;
    const messages = calibrated({ ...about, epsilon: 1, delta: 0, gradientSensitivity: 2 });
    for (const t of [1, 2, 20]) expect(messages[t - 1]!.noise / b(t)).toBeCloseTo(1 / 0.9, 5);
  });

  test("its n is the number of weights, not of nodes", () => {
    const scale = (dimension: number) =>
      calibrated({
        ...{ steps: 0.1, messages: 5, dimension, noise: "laplace", epsilon: 1, delta: 0 },
        gradientSensitivity: 2,
      })[0]!.noise;
    expect(scale(9) / scale(1)).toBeCloseTo(3, 6);
  });
});

describe("13: each mutant fails the check that is named for it", () => {
  test("noise after mixing, so that what is mixed is not what is released: 8", () => {
    const mutant: Pieces = { ...production, afterMixing: production.noise, noise: (x) => x };
    expect(() => check8(mutant)).toThrow("check 8");
  });

  test("noise shared by all nodes: 8", () => {
    const secret = new Uint8Array(32).fill(7);
    const mutant: Pieces = {
      ...production,
      noise: (x, rule, _secret, [run, t]) => production.noise(x, rule, secret, [run!, t!]),
    };
    expect(() => check8(mutant)).toThrow("check 8");
  });

  test("noise by the step of the same number, a round early: 6", () => {
    const shifted = (given: Calibration) => {
      const messages = calibrated({ ...given, messages: given.messages + 1 });
      return messages.slice(1).map((later, i) => ({ ...later, step: messages[i]!.step }));
    };
    expect(() => check6(shifted)).toThrow(/check 6: the messages cost epsilon 1\.11/);
  });

  test("divided by the realised count: 11", () => {
    const mutant: Pieces["step"] = (problem, examples, z, rule) =>
      production.step(problem, examples, z, { ...rule, divisor: examples.rows.rows });
    expect(() => check11(mutant)).toThrow("check 11: a record more");
  });

  test("its own state mixed without its noise: 9", () => {
    const mutant: Pieces = {
      ...production,
      mix: (weights, messages, self, own) =>
        production.mix(
          weights,
          messages.map((message, k) => (k === self ? own : message)),
          self,
          own,
        ),
    };
    expect(() => check9(mutant)).toThrow("check 9: mu 0.3799558323, epsilon 1.468911");
  });
});
