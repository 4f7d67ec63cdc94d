import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { normalCdf, normalLogCdf } from "../../src/math/normal.ts";
import { accountReleases, deltaOf } from "../../src/privacy/account.ts";
import { rdpEpsilon } from "../../src/privacy/accountants/rdp.ts";
import type { Adjacency, DpSgdRelease } from "../../src/privacy/release.ts";
import { kofn } from "../cli/fixtures.ts";

function dpSgd(rate: number, noise: number, steps: number, adjacency: Adjacency): DpSgdRelease {
  const sampler = rate === 1 ? "full-batch" : "poisson";
  return { mechanism: "dp-sgd", adjacency, sampler, divisor: "public", rate, noise, steps };
}

/** delta(epsilon) of one batch, exactly: beyond the point where the mixture is e^epsilon times. */
function deltaOfOne(rate: number, noise: number, epsilon: number): number {
  // e^epsilon = 1 - q + q e^s, with s = (2x - 1) / (2 noise^2).
  const e = epsilon > 30 ? epsilon : Math.log(Math.expm1(epsilon) + rate);
  const x = noise * noise * (e - Math.log(rate)) + 0.5;
  const without = Math.exp(e + normalLogCdf(-x / noise));
  return Math.max(0, rate * normalCdf((1 - x) / noise) - without);
}

/** Mironov's bound at whole orders, summed as it is written, and his conversion of 2017. */
function byOrders({ rate, noise, steps, adjacency }: DpSgdRelease, delta: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const alpha of [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]) {
    let logChoose = 0;
    const terms: number[] = [];
    for (let k = 0; k <= alpha; k++) {
      if (k > 0) logChoose += Math.log((alpha - k + 1) / k);
      const stays = alpha === k ? 0 : (alpha - k) * Math.log1p(-rate);
      terms.push(logChoose + stays + k * Math.log(rate) + (k * k - k) / (2 * noise * noise));
    }
    const most = Math.max(...terms);
    const log = most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0));
    // A replaced record: the other mixture is (1 - q) times the plain law at least.
    const moved = adjacency === "replace-one" ? -(alpha - 1) * Math.log1p(-rate) : 0;
    const epsilon = (steps * (log + moved) - Math.log(delta)) / (alpha - 1);
    least = Math.min(least, epsilon);
  }
  return least;
}

const powerOfTen = (from: number, to: number) =>
  fc.double({ min: from, max: to, noNaN: true }).map((exponent) => 10 ** exponent);
const point = fc.record({
  rate: powerOfTen(-9, 0),
  noise: powerOfTen(-3, 3),
  steps: powerOfTen(0, 6).map(Math.round),
  delta: powerOfTen(-12, -1),
  adjacency: fc.constantFrom<Adjacency>("add-remove", "zero-out", "replace-one"),
});
const corners = [1e-9, 0.5, 1].flatMap((rate) =>
  [1e-3, 0.05, 1e3].flatMap((noise) =>
    [1, 1e6].map((steps) => ({ rate, noise, steps, delta: 1e-12 })),
  ),
);
const isFresh = process.env.KOFN_UNSEEDED === "1";
const drawn = { ...(isFresh ? {} : { seed: 1 }), numRuns: isFresh ? 400 : 40 };

/** Never below one batch's own epsilon, nor above the bound that is worked out here. */
function checked(value: number, release: DpSgdRelease, delta: number): void {
  expect(value).toBeGreaterThanOrEqual(0);
  expect(value).toBeLessThanOrEqual(byOrders(release, delta) * (1 + 1e-9) + 1e-9);
  expect(deltaOfOne(release.rate, release.noise, value)).toBeLessThanOrEqual(delta * (1 + 1e-6));
}

describe("epsilon at extreme points is a number between bounds", () => {
  test("by Renyi's orders", () => {
    fc.assert(
      fc.property(point, ({ rate, noise, steps, delta, adjacency }) => {
        const release = dpSgd(rate, noise, steps, adjacency);
        const whole = rdpEpsilon([release], delta, "integer").value;
        const real = rdpEpsilon([release], delta).value;
        expect(real).toBeLessThanOrEqual(whole);
        checked(real, release, delta);
      }),
      drawn,
    );
  });

  test.each(corners)("by Renyi's orders in the corner %j", ({ rate, noise, steps, delta }) => {
    for (const adjacency of ["add-remove", "replace-one"] as const) {
      const release = dpSgd(rate, noise, steps, adjacency);
      checked(rdpEpsilon([release], delta).value, release, delta);
    }
  });

  test("by all accountants", () => {
    fc.assert(
      fc.property(point, ({ rate, noise, steps, delta, adjacency }) => {
        const release = dpSgd(rate, noise, steps, adjacency);
        const { epsilon, pld } = accountReleases([release], delta);
        checked(epsilon, release, delta);
        expect(pld).not.toBeNaN();
        expect(deltaOf([release], epsilon)).not.toBeNaN();
      }),
      { ...drawn, numRuns: isFresh ? 100 : 6 },
    );
  });

  /** 238.67 by another implementation. */
  it.each(["add-remove", "replace-one"] as const)("with next to no noise: %s", (adjacency) => {
    const { epsilon } = accountReleases([dpSgd(0.001, 0.05, 1, adjacency)], 1e-5);
    expect(deltaOfOne(0.001, 0.05, epsilon)).toBeLessThanOrEqual(1e-5);
    expect(epsilon).toBeGreaterThan(238.67);
    expect(epsilon).toBeLessThan(238.68);
  });
});

describe("kofn account", () => {
  const asked = (noise: string) =>
    `account --mechanism dp-sgd --rate .001 --noise ${noise} --steps 1 --delta 1e-5`.split(" ");

  it("answers where it answered NaN", async () => {
    const { out, exitCode } = await kofn("unused", ...asked(".05"));
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^epsilon +238\.67/m);
    expect(out).not.toMatch(/NaN|Infinity/);
  });

  it("says why where no bound comes out, and what to do", async () => {
    const { out, err, exitCode } = await kofn("unused", ...asked("1e-200"));
    expect([exitCode, out]).toEqual([2, ""]);
    expect(err).toMatch(/epsilon: no accountant proves any at delta 0.00001: there is next to no/);
    expect(err).toMatch(/hint: give more noise/);
  });
});
