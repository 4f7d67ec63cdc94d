import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { accountReleases, deltaOf } from "../../src/privacy/account.ts";
import { pldDelta, pldEpsilon, pldEpsilonOneWay } from "../../src/privacy/accountants/pld.ts";
import { releaseOfRound } from "../../src/privacy/calibrate-sums.ts";
import { openLedger } from "../../src/privacy/ledger/ledger.ts";
import { allocatedBatch, secretBits } from "../../src/privacy/mechanisms/secret-draws.ts";
import { type DpSgdRelease, parseMechanismUse } from "../../src/privacy/release.ts";
import { problems } from "../../src/problems/registry.ts";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { ledgerPrefix } from "../../src/store-layout.ts";
import { batchUseOf, clippedBatchSum } from "../../src/tasks/clipped-gradient-sum.ts";
import { scene, segment } from "../simulation/simulated-run.ts";
import { chiSquaredQuantile } from "./chance.ts";
import { recordLines } from "./neighbour-worlds.ts";

const secret = new Uint8Array(32).fill(5);

const release: DpSgdRelease = {
  mechanism: "dp-sgd",
  adjacency: "add-remove",
  sampler: "random-allocation",
  epoch: 100,
  divisor: "public",
  rate: 0.01,
  noise: 1,
  steps: 1_000,
};

const of = (epoch: number, noise: number, epochs = 1): DpSgdRelease => ({
  ...release,
  ...{ epoch, noise, rate: 1 / epoch, steps: epoch * epochs },
});

describe("the account of random allocation", () => {
  test("of one epoch is never below simulations of its two laws, and hardly above", () => {
    const [epoch, noise, draws] = [20, 0.8, 40_000];
    const random = randomFrom("allocation");
    for (const direction of ["remove", "add"] as const) {
      const losses = Float64Array.from({ length: draws }, () => {
        let ratio = 0;
        for (let step = 0; step < epoch; step++) {
          const x = noise * random.normal() + (direction === "remove" && step === 0 ? 1 : 0);
          ratio += Math.exp((2 * x - 1) / (2 * noise * noise)) / epoch;
        }
        return direction === "remove" ? Math.log(ratio) : -Math.log(ratio);
      });
      for (const epsilon of [0.3, 0.8]) {
        const parts = losses.map((loss) => Math.max(0, -Math.expm1(epsilon - loss)));
        const mean = parts.reduce((a, b) => a + b) / draws;
        const square = parts.reduce((sum, part) => sum + (part - mean) ** 2, 0);
        const error = Math.sqrt(square) / draws;
        const back = pldEpsilonOneWay([of(epoch, noise)], mean, direction)!;
        // Epsilon at the simulated delta: delta falls by a tenth where epsilon grows by some .05.
        expect(back).toBeGreaterThan(epsilon - (0.6 * 3.5 * error) / mean);
        expect(back).toBeLessThan(epsilon + (0.6 * 3.5 * error) / mean + 2e-3);
      }
    }
  });

  test("in two steps is as an integral over both has it, to five digits", () => {
    const noise = 1.3;
    const h = 0.01;
    const ratio = (x: number) => Math.exp((2 * x - 1) / (2 * noise * noise));
    const density = (x: number) =>
      Math.exp((-x * x) / (2 * noise * noise)) / (noise * Math.sqrt(2 * Math.PI));
    for (const epsilon of [0.2, 0.7]) {
      const exact = { remove: 0, add: 0 };
      for (let x = -11; x < 12; x += h)
        for (let y = -11; y < 12; y += h) {
          const both = density(x) * density(y) * h * h;
          const mean = (ratio(x) + ratio(y)) / 2;
          exact.remove += both * Math.max(0, mean - Math.exp(epsilon));
          exact.add += both * Math.max(0, 1 - Math.exp(epsilon) * mean);
        }
      const delta = pldDelta([of(2, noise)], epsilon)!;
      expect(exact.remove).toBeGreaterThan(exact.add);
      expect(delta / exact.remove).toBeGreaterThan(1 - 1e-6);
      expect(delta / exact.remove).toBeLessThan(1 + 2e-4);
    }
  });

  // pld-accounting 2.0, gaussian_allocation_epsilon_range at 1e-5, with an accuracy of .02.
  test("of ten steps lies between another implementation's bounds", () => {
    const epsilon = pldEpsilon([of(10, 1)], 1e-5)!;
    expect(epsilon).toBeGreaterThan(2.185861719096107);
    expect(epsilon).toBeLessThan(2.1960468246574814);
    expect(epsilon).toBeCloseTo(2.18902, 4);
  });

  test("less than without sampling, and about what coins of the same rate cost", () => {
    const { epoch: _, ...coins } = release;
    const poisson = pldEpsilon([{ ...coins, sampler: "poisson" }], 1e-5)!;
    const allocated = pldEpsilon([release], 1e-5)!;
    expect(allocated).toBeGreaterThan(0.8 * poisson);
    expect(allocated).toBeLessThan(1.3 * poisson);
    const account = accountReleases([release], 1e-5);
    expect(account.epsilon).toBe(account.pld);
    expect(account.rdp).toBeGreaterThan(account.epsilon);
    expect(deltaOf([release], account.epsilon)).toBeLessThan(1.01e-5);
  });

  test("an epoch that was broken off counts whole, and each draw by itself", () => {
    const one = pldEpsilon([of(100, 1)], 1e-5)!;
    expect(pldEpsilon([{ ...of(100, 1), steps: 1 }], 1e-5)).toBe(one);
    const steps = (draw: string) => ({ ...of(100, 1), steps: 50, draw });
    expect(pldEpsilon([steps("a"), steps("a")], 1e-5)).toBe(one);
    expect(pldEpsilon([steps("a"), steps("b")], 1e-5)).toBe(pldEpsilon([of(100, 1, 2)], 1e-5));
    expect(releaseOfRound(release, 250, "run/0").draw).toBe("run/0/2");
  });

  test("holds with next to no noise, and in long epochs", () => {
    for (const [epoch, noise] of [
      [100, 0.05],
      [10, 0.3],
      [20_000, 0.6],
    ] as const) {
      const epsilon = pldEpsilon([of(epoch, noise)], 1e-5)!;
      expect(epsilon).toBeGreaterThan(0);
      expect(epsilon).toBeLessThan(1 / (2 * noise ** 2) + 6 / noise);
    }
  });

  test("what has no one meaning, or no proof, is refused", () => {
    const { epoch: _, ...rest } = release;
    for (const [fields, message] of [
      [rest, /epoch: nothing given/],
      [{ ...release, rate: 0.5 }, /rate: 0\.5, and a record is in one of 100 steps/],
      [{ ...release, adjacency: "replace-one" }, /adjacency: replace-one, under which no cost/],
      [{ ...release, sampler: "poisson" }, /epoch: given with sampler poisson/],
      [{ ...release, cap: 4 }, /cap: given with sampler random-allocation/],
    ] as const)
      expect(() => parseMechanismUse(fields, "dp-sgd")).toThrow(message);
    expect(parseMechanismUse({ ...release }, "dp-sgd")).toEqual(release);
  });
});

describe("random allocation", () => {
  test("each record is in one step of an epoch, uniformly and by itself", () => {
    const [records, epoch, draws] = [40, 7, 1_500];
    const counts = new Float64Array(epoch);
    let together = 0;
    for (let draw = 0; draw < draws; draw++) {
      const steps = new Int32Array(records).fill(-1);
      for (let step = 0; step < epoch; step++)
        for (const record of allocatedBatch(
          records,
          { epoch, step },
          secretBits(secret, `${draw}`),
        )) {
          expect(steps[record]).toBe(-1);
          steps[record] = step;
        }
      for (const step of steps) counts[step]!++;
      if (steps[3] === steps[4]) together++;
    }
    const mean = (records * draws) / epoch;
    const square = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    expect(square).toBeLessThan(chiSquaredQuantile(epoch - 1, 3.7));
    const error = Math.sqrt((1 / epoch) * (1 - 1 / epoch) * draws);
    expect(Math.abs(together - draws / epoch)).toBeLessThan(4 * error);
  });
});

describe("one record changes one step of an epoch, by at most the clip", () => {
  const [records, epoch, clip] = [30, 6, 0.5];
  const rate = 1 / epoch;
  const problem = problems.create({ type: "logistic" });
  const random = randomFrom("allocated");
  const values = Float32Array.from({ length: 3 * records }, () => 3 * random.normal());
  const targets = Float32Array.from({ length: records }, () => Math.sign(random.normal()));
  const weights = Float32Array.of(0.4, -0.3, 0.2);
  const examples = { rows: { kind: "dense", rows: records, columns: 3, values } as const, targets };
  const place = { run: "one", slot: 2, encoded: { digest: "d" } } as never;
  const sum = (of: typeof examples, round: number) => {
    // Weights move from step to step, and the draw must not.
    const task = { round, weights: weights.map((one) => one + round / 100), rate, clip, epoch };
    return clippedBatchSum(problem, of, task, secret, batchUseOf(place, task));
  };

  test("over all steps of several epochs, every record in each of them", () => {
    const rounds = Array.from({ length: 3 * epoch }, (_, round) => round);
    const here = rounds.map((round) => sum(examples, round));
    const seen = new Map<number, Set<number>>();
    for (let record = 0; record < records; record++) {
      const there = { ...examples, targets: targets.slice() };
      there.targets[record] = Number.NaN;
      const moved = rounds.map((round) => {
        const other = sum(there, round);
        return Math.hypot(...here[round]!.map((value, j) => value - other[j]!));
      });
      expect(Math.max(...moved)).toBeLessThanOrEqual(clip + 1e-12);
      const steps = rounds.filter((round) => moved[round]! > 0);
      expect(steps.map((round) => Math.floor(round / epoch))).toEqual([0, 1, 2]);
      for (const round of steps) {
        const others = seen.get(round % epoch) ?? new Set();
        seen.set(round % epoch, others.add(record));
      }
    }
    expect(seen.size).toBe(epoch);
  });
});

describe("a run with random allocation", () => {
  const spec = {
    problem: { type: "logistic" },
    data: { source: "table.csv", target: "y", classes: [0, 1], standardize: false },
    workers: 2,
    wait: "all",
    strategy: { type: "dp-sgd", epoch: 2 },
    privacy: {
      ...{ epsilon: 4, delta: 1e-5, unit: "record", adjacency: "zero-out", clip: 1 },
      divisor: 60,
    },
    stop: { rounds: 3 },
    seed: 2,
  };

  test.each(["aggregator", "workers"])("noise by %s: charges whole epochs", async (noise) => {
    const given = { ...spec, strategy: { ...spec.strategy, noise } };
    const start = await scene(given, `a,b,y\n${recordLines(60).join("\n")}\n`);
    const { stop, rounds } = await segment(start);
    expect([stop.kind, rounds]).toEqual(["done", 3]);
    const epsilonOf = (all: Parameters<typeof accountReleases>[0], delta: number) =>
      accountReleases(all, delta).epsilon;
    const budget = { epsilon: 4, delta: 1e-5, account: epsilonOf };
    const publisher = noise === "workers" ? 1 : "aggregator";
    const ledger = openLedger(start.store, ledgerPrefix("trial", publisher), budget);
    const releases = (await ledger.entries()).map((one) => one.release);
    const draws = releases.map((one) => (one as DpSgdRelease).draw);
    expect(draws).toEqual([0, 0, 1].map((epoch) => `trial/${publisher}/${epoch}`));
    const spent = epsilonOf(releases, 1e-5);
    expect(spent).toBeLessThanOrEqual(4);
    expect(spent).toBeGreaterThan(3.999);
  });

  test("beside a rate or a cap, or where no account is proven: refused", () => {
    const attempt = (strategy: object, privacy = {}) => {
      const changed = { strategy: { ...spec.strategy, ...strategy } };
      const all = { ...spec, ...changed, privacy: { ...spec.privacy, ...privacy } };
      return () => resolveMembers(resolveSpec(all));
    };
    expect(attempt({})).not.toThrow();
    expect(attempt({ rate: 0.5 })).toThrow(/strategy\.epoch: 2 with rate 0\.5/);
    expect(attempt({ cap: 5 })).toThrow(/strategy\.epoch: 2 with cap 5/);
    expect(attempt({}, { adjacency: "replace-one" })).toThrow(/epoch: 2, under privacy\.adjacency/);
    expect(attempt({}, { adjacency: "add-remove" })).not.toThrow();
  });
});
