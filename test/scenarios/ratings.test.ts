import { describe, expect, test } from "vitest";
import { replayedDigest, runOn, temporaryHome } from "./workplace.ts";

const spec = {
  problem: { type: "factorization", rank: 2, l2: 0.01 },
  data: { generate: { type: "ratings", rows: 600, users: 40, items: 25, rank: 2 }, test: 0.2 },
  workers: 4,
  weather: { model: "calm" },
};
const mixed = { type: "alternating", epochs: 2, iterations: 3, exactBelow: 13 };

describe("ratings: one spec and seed give the same bits wherever they run", () => {
  test("emulated, simulated, on threads, replayed; some exactly, some by rounds", async () => {
    await using home = await temporaryHome();
    const given = { ...spec, strategy: mixed, wait: "all" };
    const emulated = await runOn("emulated", home.path, given);
    const { weightsDigest, rounds, metrics } = emulated.result;
    expect(rounds).toBe(16);
    expect(metrics.test.rmse).toBeLessThan(1.2);
    for (const backend of ["simulated", "threads"])
      expect((await runOn(backend, home.path, given)).result.weightsDigest).toBe(weightsDigest);
    expect(await replayedDigest(home.path, emulated.record.run)).toBe(weightsDigest);
  });

  test("exactly solved, it does not even matter who replied", async () => {
    await using home = await temporaryHome();
    const run = async (more: object) =>
      (await runOn("simulated", home.path, { ...spec, ...more })).result.weightsDigest;
    const late = { model: "late", probability: 0.3, delayMs: 900, failures: 0.1 };
    const calm = await run({ wait: "all" });
    expect(await run({ wait: { fastest: 2 }, weather: late })).toBe(calm);
    // A negative control: estimates depend on it.
    const strategy = { ...mixed, exactBelow: 0 };
    expect(await run({ wait: { fastest: 2 }, strategy, weather: late })).not.toBe(
      await run({ wait: "all", strategy }),
    );
  });
});
