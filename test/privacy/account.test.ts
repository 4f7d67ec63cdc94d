import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { accountReleases, deltaOf } from "../../src/privacy/account.ts";
import { rhoOf, zcdpEpsilon } from "../../src/privacy/accountants/additive.ts";
import { muOf } from "../../src/privacy/accountants/gaussian.ts";
import {
  calibrate,
  calibrateDpSgd,
  calibrateSketch,
  classicalSigma,
} from "../../src/privacy/calibrate.ts";
import type { MechanismUse } from "../../src/privacy/release.ts";
import { jsonLines, kofn } from "../cli/fixtures.ts";

const budget = { epsilon: 1, delta: 1e-5 };

/** mu = 1 at 1e-5: exact 4.377178, by orders 4.728387, by zero-concentration 5.298526. */
it("tells every accountant's value, and counts the best", () => {
  const release: MechanismUse = {
    mechanism: "gaussian",
    adjacency: "zero-out",
    sensitivity: 1,
    sigma: 1,
    times: 1,
  };
  const found = accountReleases([release], 1e-5);
  expect(found.epsilon).toBe(found.exact);
  expect(found.exact).toBeCloseTo(4.377178, 6);
  expect(found.rdpReal).toBeCloseTo(4.728387, 6);
  expect(found.zcdp).toBeCloseTo(5.298526, 6);
  expect(found.pure).toBeNull();
  expect(found.adjacency).toBe("zero-out");
  expect(rhoOf(1, 1e-5)).toBeCloseTo(0.0208199383395, 13);
  // For the budget that rho keeps, its own formula gives epsilon back.
  const rho: MechanismUse = { ...release, sigma: 1 / Math.sqrt(2 * rhoOf(1, 1e-5)) };
  expect(zcdpEpsilon([rho], 1e-5)).toBeCloseTo(1, 12);
});

it("counts Laplace noise without delta where that is enough", () => {
  const laplace: MechanismUse = {
    mechanism: "laplace",
    adjacency: "replace-one",
    sensitivity: 2,
    scale: 4,
    times: 2,
  };
  expect(accountReleases([laplace], 1e-5).pure).toBe(1);
  expect(deltaOf([laplace], 1)).toBe(0);
  expect(deltaOf([laplace], 0.5)).toBeGreaterThan(0.05);
});

describe("noise from a budget", () => {
  it("keeps it, over a schedule of any shape, and no less would", () => {
    const sensitivities = Array.from({ length: 49 }, (_, t) => 1 / (t + 1));
    const shape = sensitivities.map((one) => one ** 0.5);
    const releases = calibrate(budget, { adjacency: "replace-one", sensitivities, shape });
    expect(accountReleases(releases, 1e-5).epsilon).toBeCloseTo(1, 9);
    expect(releases[3]!.sigma / releases[0]!.sigma).toBeCloseTo(0.5, 12);
    const [equal] = calibrate(budget, {
      adjacency: "replace-one",
      sensitivities: new Array(49).fill(1),
    });
    expect(equal!.sigma).toBeCloseTo(26.11442144, 7);
  });

  it("of DP-SGD by privacy losses: 1.564967 for (3, 1e-5), q 0.01, T 10,000", () => {
    const plan = {
      adjacency: "add-remove",
      sampler: "poisson",
      divisor: "public",
      rate: 0.01,
      steps: 10_000,
    } as const;
    const release = calibrateDpSgd({ epsilon: 3, delta: 1e-5 }, plan);
    expect(release.noise).toBeGreaterThanOrEqual(1.564967 - 5e-7);
    expect(release.noise).toBeLessThan(1.56501);
    expect(accountReleases([release], 1e-5).epsilon).toBeLessThanOrEqual(3);
    const full = calibrateDpSgd(budget, { ...plan, sampler: "full-batch", rate: 1, steps: 4 });
    expect(full.noise).toBeCloseTo(2 / muOf(1, 1e-5), 12);
  });

  it.each([
    [50, 23.982614],
    [100, 31.660987],
    [500, 64.194223],
  ])("of a sketch of %d rows: a margin of %d", (rows, margin) => {
    expect(calibrateSketch(budget, rows).margin).toBeCloseTo(margin, 6);
  });

  it("is refused by the classical formula where that breaks its promise", () => {
    expect(classicalSigma(budget)).toBeCloseTo(4.84481, 5);
    expect(() => classicalSigma({ epsilon: 20, delta: 1e-5 })).toThrow(/really 0.0015267/);
    expect(() => classicalSigma({ epsilon: 10, delta: 1e-10 })).toThrow(/really 1.0860e-10/);
    expect(() =>
      calibrate({ epsilon: 0, delta: 1e-5 }, { adjacency: "zero-out", sensitivities: [1] }),
    ).toThrow(/epsilon: expected a number above 0/);
  });
});

describe("kofn account", () => {
  const home = "unused";

  it("answers for DP-SGD, and names what the answer depends on", async () => {
    const text = "account --mechanism dp-sgd --rate .01 --noise 1.1 --steps 10000 --delta 1e-5";
    const ended = await kofn(home, ...text.split(" "), "--json");
    expect(ended.exitCode).toBe(0);
    const [result] = jsonLines(ended.out);
    expect(result).toMatchObject({
      type: "result",
      adjacency: "add-remove",
      sampler: "poisson",
      divisor: "public",
      rdpOrder: 5,
    });
    expect(result!.rdp).toBeCloseTo(5.654308, 6);
    expect(result!.pld).toBeGreaterThanOrEqual(5.192583);
    expect(result!.pld).toBeLessThanOrEqual(5.1927);
    expect(result!.epsilon).toBe(result!.pld);
  });

  it("gives the noise for a budget, and delta at an epsilon", async () => {
    const noise = "account --mechanism gaussian --steps 49 --delta 1e-5 --epsilon 1 --json";
    const [calibrated] = jsonLines((await kofn(home, ...noise.split(" "))).out);
    expect(calibrated!.sigma).toBeCloseTo(26.11442144, 7);
    const delta = "account --mechanism laplace --noise 1 --epsilon 0.5 --json";
    const [found] = jsonLines((await kofn(home, ...delta.split(" "))).out);
    expect(found!.delta).toBeCloseTo(1 - Math.exp(-0.25), 6);
    const sketch = "account --mechanism sketch --rows 100 --delta 1e-5 --epsilon 1";
    expect((await kofn(home, ...sketch.split(" "))).out).toMatch(/margin +31\.66/);
  });

  it("folds a file of releases", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kofn-account-"));
    try {
      const path = join(folder, "releases.json");
      const one = { mechanism: "gaussian", adjacency: "replace-one", sensitivity: 1, sigma: 10 };
      await writeFile(path, JSON.stringify([one, { ...one, sigma: 5 }]));
      const ended = await kofn(home, "account", "--releases", path, "--delta", "1e-5", "--json");
      expect(jsonLines(ended.out)[0]!.mu).toBeCloseTo(Math.sqrt(0.01 + 0.04), 12);
      await writeFile(path, JSON.stringify([{ ...one, adjacency: undefined }]));
      const refused = await kofn(home, "account", "--releases", path, "--delta", "1e-5");
      expect(refused.exitCode).toBe(2);
      expect(refused.err).toMatch(/\[0\]\.adjacency: nothing given/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ["--mechanism dp-sgd --rate .1 --noise 1 --sampler shuffle --delta 1e-5", /no tight bound/],
    ["--mechanism dp-sgd --rate .1 --noise 1 --divisor realised --delta 1e-5", /divisor/],
    ["--mechanism sketch --rows 9 --margin 20 --adjacency add-remove --delta 1e-5", /adjacency/],
    ["--mechanism gaussian --noise 1", /neither --delta nor --epsilon/],
    ["--mechanism gaussian --noise 1 --delta 1e-5 --epsilon 1", /one follows/],
    ["--mechanism gaussian --noise big --delta 1e-5", /--noise: expected a number/],
    ["--mechanism gauss --noise 1 --delta 1e-5", /no mechanism/],
    ["--noise 1 --delta 1e-5", /--mechanism: nothing given/],
    ["--mechanism gaussian --noise 1 --delta 1.5", /above 0 and below 1/],
    ["--releases missing.json --delta 1e-5", /missing.json/],
  ])("refuses %s", async (text, message) => {
    const ended = await kofn(home, "account", ...text.split(" "));
    expect(ended.exitCode).toBe(2);
    expect(ended.err).toMatch(message);
    expect(ended.err).toMatch(/^hint:/m);
  });
});
