import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { accountReleases } from "../../src/privacy/account.ts";
import { pldEpsilon } from "../../src/privacy/accountants/pld.ts";
import { rdpEpsilon } from "../../src/privacy/accountants/rdp.ts";
import { binomialTail } from "../../src/privacy/accountants/samplers.ts";
import { openLedger } from "../../src/privacy/ledger/ledger.ts";
import {
  poissonBatch,
  secretBits,
  truncatedBatch,
} from "../../src/privacy/mechanisms/secret-draws.ts";
import { type DpSgdRelease, parseMechanismUse } from "../../src/privacy/release.ts";
import { problems } from "../../src/problems/registry.ts";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { ledgerPrefix } from "../../src/store-layout.ts";
import { clippedBatchSum } from "../../src/tasks/clipped-gradient-sum.ts";
import { scene, segment } from "../simulation/simulated-run.ts";
import { recordLines } from "./neighbour-worlds.ts";

const secret = new Uint8Array(32).fill(5);

const release: DpSgdRelease = {
  mechanism: "dp-sgd",
  adjacency: "add-remove",
  sampler: "truncated-poisson",
  records: 10_000,
  cap: 140,
  divisor: "public",
  rate: 0.01,
  noise: 1.1,
  steps: 1_000,
};

describe("the account of truncated batches", () => {
  // dp-accounting 0.6.0, TruncatedSubsampledGaussianDpEvent, add or remove one; by its number of
  // records, where ours holds for any smaller one as well.
  test.each([
    [140, 1.5766014678],
    [120, 4.1030866911],
  ])("at a cap of %d it is another implementation's, or at most .2 %% above", (cap, epsilon) => {
    const ours = pldEpsilon([{ ...release, cap }], 1e-5)!;
    expect(ours).toBeGreaterThan(epsilon);
    expect(ours).toBeLessThan(1.002 * epsilon);
    expect(rdpEpsilon([{ ...release, cap }], 1e-5, "integer").value).toBeGreaterThan(ours);
  });

  test("a cap that nothing comes near costs nothing; a lower one costs more", () => {
    const { cap: _, records: __, ...rest } = release;
    const uncapped = pldEpsilon([{ ...rest, sampler: "poisson" }], 1e-5)!;
    expect(uncapped).toBeCloseTo(1.51537, 4);
    const at = (cap: number) => pldEpsilon([{ ...release, cap }], 1e-5)!;
    expect(Math.abs(at(400) - uncapped)).toBeLessThan(1e-4);
    expect(at(130)).toBeGreaterThan(at(160));
    expect(at(110)).toBeGreaterThan(at(130));
  });

  test("how often the others fill a batch: against SciPy, and the sum over all counts", () => {
    expect(binomialTail(9_999, 0.01, 140) / 8.396790468835042e-5).toBeCloseTo(1, 8);
    expect(binomialTail(9_999, 0.01, 120) / 0.027531463080490908).toBeCloseTo(1, 8);
    // C(4, k) / 16: 1, 4, 6, 4, 1.
    const tails = [0, 1, 2, 3, 4, 5].map((k) => binomialTail(4, 0.5, k));
    for (const [k, exact] of [16, 15, 11, 5, 1, 0].entries())
      expect(tails[k]).toBeCloseTo(exact / 16, 9);
  });

  test("what has no one meaning is refused", () => {
    const { cap: _, records: __, ...rest } = release;
    for (const [fields, message] of [
      [rest, /cap: nothing given/],
      [{ ...rest, cap: 140 }, /records: nothing given/],
      [{ ...release, rate: 1 }, /rate: 1 with truncated batches/],
      [{ ...release, sampler: "poisson" }, /cap: given with sampler poisson/],
    ] as const)
      expect(() => parseMechanismUse(fields, "dp-sgd")).toThrow(message);
    expect(parseMechanismUse({ ...release }, "dp-sgd")).toEqual(release);
  });
});

describe("a truncated batch", () => {
  test("is as a uniform choice of so many has it: counts and pairs", () => {
    const draws = 6_000;
    const chosen = [2, 3, 5, 7, 11, 13, 17];
    const counts = new Map<number, number>();
    let pairs = 0;
    for (let draw = 0; draw < draws; draw++) {
      const batch = truncatedBatch(chosen, 3, 20, secretBits(secret, `${draw}`));
      expect(batch).toHaveLength(3);
      expect([...batch].sort((a, b) => a - b)).toEqual(batch);
      for (const record of batch) counts.set(record, (counts.get(record) ?? 0) + 1);
      if (batch.includes(5) && batch.includes(17)) pairs++;
    }
    const within = (count: number, p: number) =>
      expect(Math.abs(count / draws - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / draws));
    for (const record of chosen) within(counts.get(record)!, 3 / 7);
    within(pairs, (3 * 2) / (7 * 6));
    expect(truncatedBatch(chosen, 7, 20, secretBits(secret, "all"))).toBe(chosen);
  });
});

describe("one record moves a sum over truncated batches by what is accounted", () => {
  const [records, rate, cap, clip] = [30, 0.4, 12, 0.5];
  const problem = problems.create({ type: "logistic" });
  const random = randomFrom("truncated");
  const values = Float32Array.from({ length: 3 * records }, () => 3 * random.normal());
  const targets = Float32Array.from({ length: records }, () => Math.sign(random.normal()));
  const weights = Float32Array.of(0.4, -0.3, 0.2);
  const examples = { rows: { kind: "dense", rows: records, columns: 3, values } as const, targets };
  const sum = (of: typeof examples, use: string) =>
    clippedBatchSum(problem, of, { round: 0, weights, rate, clip, cap }, secret, use);
  const draws = Array.from({ length: 60 }, (_, draw) => `draw ${draw}`);
  /** How many others coins choose. */
  const others = (use: string, record: number) =>
    poissonBatch(records, rate, secretBits(secret, use)).filter((one) => one !== record).length;

  test.each(["counts nothing", "is another"])("that %s", (change) => {
    let most = 0;
    let filled = 0;
    const twice = change === "is another" ? 2 : 1;
    for (let record = 0; record < records; record++) {
      const there = {
        rows: { ...examples.rows, values: values.slice() },
        targets: targets.slice(),
      };
      if (change === "counts nothing") there.targets[record] = Number.NaN;
      else there.rows.values.set([-9, 9, 9], 3 * record);
      for (const use of draws) {
        const [a, b] = [sum(examples, use), sum(there, use)];
        const moved = Math.hypot(...a.map((value, j) => value - b[j]!));
        const isFull = others(use, record) >= cap;
        if (isFull) filled++;
        // Where others leave room it is the record's own part; else another takes its place.
        expect(moved).toBeLessThanOrEqual((isFull ? 2 : twice) * clip + 1e-12);
        most = Math.max(most, moved / clip);
      }
    }
    expect(most).toBeGreaterThan(twice === 2 ? 1 : 1.2);
    const share = binomialTail(records - 1, rate, cap);
    const error = Math.sqrt((share * (1 - share)) / draws.length);
    expect(Math.abs(filled / (records * draws.length) - share)).toBeLessThan(4 * error);
  });
});

describe("a run with a cap", () => {
  const spec = {
    problem: { type: "logistic" },
    data: { source: "table.csv", target: "y", classes: [0, 1], standardize: false },
    workers: 2,
    wait: "all",
    strategy: { type: "dp-sgd", rate: 0.2, cap: 10 },
    privacy: {
      epsilon: 1,
      delta: 1e-5,
      unit: "record",
      adjacency: "zero-out",
      clip: 1,
      divisor: 60,
    },
    stop: { rounds: 3 },
    seed: 2,
  };

  test("charges its ledger for truncated batches, and stays within its budget", async () => {
    const start = await scene(spec, `a,b,y\n${recordLines(60).join("\n")}\n`);
    const { stop, rounds } = await segment(start);
    expect([stop.kind, rounds]).toEqual(["done", 3]);
    const epsilonOf = (all: Parameters<typeof accountReleases>[0], delta: number) =>
      accountReleases(all, delta).epsilon;
    const budget = { epsilon: 1, delta: 1e-5, account: epsilonOf };
    const ledger = openLedger(start.store, ledgerPrefix("trial", "aggregator"), budget);
    const releases = (await ledger.entries()).map((one) => one.release);
    expect(releases).toHaveLength(3);
    expect(releases[0]).toMatchObject({ sampler: "truncated-poisson", cap: 10, records: 31 });
    const spent = epsilonOf(releases, 1e-5);
    expect(spent).toBeLessThanOrEqual(1);
    expect(spent).toBeGreaterThan(0.99975);
  });

  test("without a number of rows, with whole batches, or with more rows: refused", async () => {
    const attempt = (change: object) => () => resolveMembers(resolveSpec({ ...spec, ...change }));
    const { divisor: _, ...open } = spec.privacy;
    expect(attempt({ privacy: open })).toThrow(/strategy\.cap: 10: what it costs depends/);
    expect(attempt({ strategy: { type: "dp-sgd", cap: 10 } })).toThrow(/cap: 10 with rate 1/);
    const more = scene(
      { ...spec, privacy: { ...spec.privacy, divisor: 50 } },
      `a,b,y\n${recordLines(60).join("\n")}\n`,
    ).then(segment);
    await expect(more).rejects.toThrow(/a worker has more than the 26 records/);
  });
});
