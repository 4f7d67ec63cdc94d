import { describe, expect, it } from "vitest";
import type { Wait } from "../../src/quorum/wait-policies/wait.ts";
import { evaluate } from "../../src/run/evaluate.ts";
import { wholeWeights } from "../../src/run/model-weights.ts";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { scene, segment, table } from "./simulated-run.ts";

const spec = {
  problem: { type: "ridge", l2: 0.05 },
  encoding: { type: "hadamard", redundancy: 2 },
  workers: 8,
  stop: { rounds: 40, tolerance: 0 },
  weather: { model: "late", probability: "5%", delayMs: 1000 },
  seed: 2,
};

async function objectiveAndSeconds(wait: Wait, optimizer: string) {
  const start = await scene({ ...spec, wait, optimizer }, table(400, 6, 1));
  const end = await segment(start);
  expect(end.stop.kind).toBe("done");
  expect(end.rounds).toBe(40);
  const { prepared } = start.staged;
  const { problem } = resolveMembers(start.record.spec);
  const [done] = await evaluate({ store: start.store, prepared }, problem, [
    wholeWeights(end.model),
  ]);
  return { objective: done!.objective, seconds: end.elapsedMs / 1000 };
}

describe("8 workers, 40 rounds, one second late with 5 % probability, in virtual time", () => {
  it.each(["l-bfgs", "gradient-descent"])("the fastest 6 with %s", async (optimizer) => {
    const all = await objectiveAndSeconds("all", optimizer);
    const fastest = await objectiveAndSeconds({ fastest: 6 }, optimizer);
    expect(all.seconds).toBeGreaterThan(10);
    expect(fastest.seconds).toBeLessThan(3);
    expect(Math.abs(fastest.objective / all.objective - 1)).toBeLessThan(0.005);
  });
});
