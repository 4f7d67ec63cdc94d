import { expect, test } from "vitest";
import { replayedDigest, runOn, smallRidge, temporaryHome } from "./workplace.ts";

/** Shards of 170,000 entries: large enough for a kernel's memory. */
const large = { generate: { type: "regression", rows: 8_000, features: 40, noise: 0.5 } };

test("shards in a kernel's memory: the same bits on every backend and replayed", async () => {
  await using home = await temporaryHome();
  const digests: string[] = [];
  const objectives: number[] = [];
  for (const storage of ["float32", "bfloat16", "int8"]) {
    const spec = {
      ...smallRidge,
      data: { ...large, storage },
      workers: 4,
      wait: "all",
      optimizer: "l-bfgs",
      stop: { rounds: 3, tolerance: 0 },
    };
    const simulated = await runOn("simulated", home.path, spec);
    const threads = await runOn("threads", home.path, spec);
    expect(threads.result.weightsDigest).toBe(simulated.result.weightsDigest);
    digests.push(simulated.result.weightsDigest);
    if (storage === "int8") {
      const emulated = await runOn("emulated", home.path, spec);
      expect(emulated.result.weightsDigest).toBe(simulated.result.weightsDigest);
    }
    const replayed = await replayedDigest(home.path, simulated.record.run);
    expect(replayed).toBe(simulated.result.weightsDigest);
    objectives.push(simulated.result.objective);
  }
  expect(new Set(digests).size).toBe(3);
  // What is stored in fewer bits trains a model that is hardly worse.
  for (const objective of objectives)
    expect(Math.abs(objective / objectives[0]! - 1)).toBeLessThan(0.01);
});
