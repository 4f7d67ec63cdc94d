import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { evaluate } from "../../src/run/evaluate.ts";
import { wholeWeights } from "../../src/run/model-weights.ts";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { scene, segment, table } from "../simulation/simulated-run.ts";

/* Whole simulated runs over codes that need more than a sum: weights, or who forms the rows. */

const spec = {
  problem: { type: "ridge", l2: 0.01 },
  workers: 8,
  wait: { fastest: 6 },
  stop: { rounds: 25, tolerance: 0 },
  weather: { model: "late", probability: "20%", delayMs: 1000 },
  seed: 3,
};
const rows = table(300, 5, 2);

describe("workers that form their own rows train the same weights, bit for bit", () => {
  test.each([
    { type: "hadamard" },
    { type: "steiner", deal: "blocks" },
    { type: "replication" },
    { type: "gradient-code", arrangement: "cyclic", stragglers: 2 },
  ])("%o", async (encoding) => {
    const [ahead, workers] = await Promise.all(
      (["ahead", "workers"] as const).map((encode) =>
        outcome({ ...spec, encoding: { ...encoding, encode } }, rows),
      ),
    );
    expect(workers!.weights).toEqual(ahead!.weights);
    expect(workers!.elapsedMs).toBe(ahead!.elapsedMs);
  });
});

describe("a cyclic code over fewer replies trains what everyone would", () => {
  test.each(["ridge", "logistic"])("%s", async (type) => {
    const data = table(300, 5, 2, type === "logistic");
    // So many rounds that none is at its end yet: who is there stops.
    const stop = { rounds: 10, tolerance: 0 };
    const common = { ...spec, stop, problem: { type, l2: 0.01 } };
    const encoding = { type: "gradient-code", arrangement: "cyclic", stragglers: 2 };
    const some = await outcome({ ...common, encoding }, data);
    const all = await outcome({ ...common, encoding: "uncoded", wait: "all" }, data);
    const uncoded = await outcome({ ...common, encoding: "uncoded" }, data);
    expect(Math.abs(some.objective / all.objective - 1)).toBeLessThan(1e-5);
    expect(some.elapsedMs).toBeLessThan(all.elapsedMs / 2);
    // As quick without a code, and further off.
    expect(Math.abs(uncoded.objective / all.objective - 1)).toBeGreaterThan(1e-5);
  });
});

test("sparse rows that nobody mixed train what all would, and better than uncoded", async () => {
  const random = randomFrom("sparse rows");
  const lines = Array.from({ length: 400 }, (_, i) => {
    const size = i % 50 === 0 ? 30 : 1;
    const chosen = [...random.permutation(30).subarray(0, 4)].sort((a, b) => a - b);
    const values = chosen.map(() => size * random.normal());
    const target = values.reduce((sum, x, j) => sum + x * Math.cos(chosen[j]!), random.normal());
    return [target, ...chosen.map((index, j) => `${index + 1}:${values[j]}`)].join(" ");
  }).join("\n");
  const data = { source: "table.csv", format: "libsvm" };
  const of = (encoding: object | string, wait: object | string = spec.wait) =>
    outcome({ ...spec, data, encoding, wait }, lines);
  const everyone = await of("uncoded", "all");
  const mixed = await of("hadamard", "all");
  expect(Math.abs(mixed.objective / everyone.objective - 1)).toBeLessThan(1e-4);
  // The same slots are late every round: what they alone hold is never heard.
  const weather = { model: "persistent", taskMs: 500, jitter: 0 };
  const excess = async (encoding: string) => {
    const late = await outcome({ ...spec, data, encoding, weather }, lines);
    return late.objective / everyone.objective - 1;
  };
  expect(await excess("hadamard")).toBeLessThan((await excess("uncoded")) / 2);
});

async function outcome(given: object, text: string) {
  const start = await scene(given, text);
  const end = await segment(start);
  expect(end.stop.kind).toBe("done");
  const { problem } = resolveMembers(start.record.spec);
  const [done] = await evaluate({ store: start.store, prepared: start.staged.prepared }, problem, [
    wholeWeights(end.model),
  ]);
  return { weights: wholeWeights(end.model), elapsedMs: end.elapsedMs, objective: done!.objective };
}
