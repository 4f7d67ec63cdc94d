import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Prepared } from "../../src/data/manifests.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { predict } from "../../src/index.ts";
import { openHome } from "../../src/platform/local/home.ts";
import { readEncodedManifest } from "../../src/worker/worker-context.ts";
import { realData } from "../data/fixtures.ts";
import { objectiveAt, optimum, type Trial } from "../strategies/encoded-blocks/by-hand.ts";
import { replayedDigest, runOn, temporaryHome } from "./workplace.ts";

const classification = {
  problem: { type: "logistic", l2: 0.05 },
  data: { generate: { type: "classification", rows: 300, features: 40 }, intercept: false },
  workers: 8,
  strategy: "encoded-blocks",
  wait: "all",
  stop: { rounds: 20, tolerance: 0 },
  weather: { model: "calm" },
};

describe("encoded blocks through the whole product", () => {
  test.each([
    ["softmax", "emulated"],
    ["logistic", "threads"],
    ["squared-hinge", "threads"],
  ])("%s: the same bits %s, simulated and replayed", async (type, backend) => {
    await using home = await temporaryHome();
    const spec = { ...classification, workers: 4, problem: { type, l2: 0.05 } };
    const real = (await runOn(backend, home.path, spec)).result;
    const { result, record } = await runOn("simulated", home.path, spec);
    expect(result.weightsDigest).toBe(real.weightsDigest);
    expect(await replayedDigest(home.path, record.run)).toBe(real.weightsDigest);
    expect(result.metrics.train!.accuracy).toBeGreaterThan(0.7);
    if (backend !== "emulated") return;
    // What went over the wire: n and p numbers for each class, there and back.
    const bytes = 20 * 4 * 4 * 2 * (300 + 40);
    expect(real.bytesUp / bytes).toBeCloseTo(1, 0);
    expect(real.bytesDown / bytes).toBeGreaterThan(4 / 3);
    expect(result.bytesDown / real.bytesDown).toBeCloseTo(1, 0);
  });

  test("2 of 16 workers dead for ever: the optimum, which uncoded features miss", async () => {
    await using home = await temporaryHome();
    const spec = {
      ...classification,
      workers: 16,
      wait: { fastest: 14 },
      stop: { rounds: 400, tolerance: 0 },
      weather: { model: "calm", deadSlots: [3, 11] },
    };
    const encoded = await runOn("simulated", home.path, spec);
    const uncoded = await runOn("simulated", home.path, {
      ...spec,
      encoding: "uncoded",
      stop: { rounds: 100, tolerance: 0 },
    });
    const trial = await byHand(home.path, encoded.record.prepared);
    const start = objectiveAt(trial, new Float64Array(trial.features));
    const best = objectiveAt(trial, optimum(trial));
    const gapOf = (objective: number) => (objective - best) / (start - best);
    expect(Math.abs(gapOf(encoded.result.objective))).toBeLessThan(1e-10);
    expect(gapOf(uncoded.result.objective)).toBeGreaterThan(1e-3);
  });
});

const title = realData === null ? "digits: skipped, KOFN_DATA names no folder" : "digits";
const folder = realData ?? "";

describe.skipIf(realData === null)(title, () => {
  const digits = {
    problem: { type: "softmax", l2: 0.001 },
    data: { source: join(folder, "digits.csv"), target: "digit", test: 0.25 },
    workers: 16,
    wait: { fastest: 14 },
  };

  test.each([
    ["encoded blocks", { strategy: "encoded-blocks", stop: { rounds: 40, tolerance: 0 } }],
    ["rounds over replicated rows", { encoding: "replication", stop: { rounds: 25 } }],
  ])("by %s: ten classes, with probabilities for raw rows", async (_name, how) => {
    await using home = await temporaryHome();
    const { result, record } = await runOn("simulated", home.path, { ...digits, ...how });
    expect(result.metrics.test!.accuracy).toBeGreaterThan(0.93);
    let right = 0;
    let rows = 0;
    for await (const one of predict(record.run, digits.data.source, { home: home.path })) {
      const chances = Object.values(one.probabilities!);
      expect(chances).toHaveLength(10);
      expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 9);
      expect(one.probabilities![one.class!]).toBe(Math.max(...chances));
      rows++;
      if (chances.every((chance) => chance <= one.probabilities![one.class!]!)) right++;
    }
    expect([rows, right]).toEqual([1797, 1797]);
  });
});

/** The prepared rows as a trial of textbook loops. */
async function byHand(home: string, key: string): Promise<Trial> {
  const opened = await openHome(home);
  const prepared = await readEncodedManifest<Prepared>(opened.store, key);
  const { rows, targets } = await readExamples(opened.store, prepared.train, prepared.columns);
  await opened.close();
  const values = (rows as { values: Float32Array }).values;
  const x = Array.from({ length: prepared.rows }, (_, i) =>
    Float64Array.from(values.subarray(i * prepared.columns, (i + 1) * prepared.columns)),
  );
  const { rows: count, columns: features } = prepared;
  return { rows: count, features, l2: 0.05, x, targets, frame: [], scale: 1 };
}
