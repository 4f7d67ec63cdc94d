import { describe, expect, test } from "vitest";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { replayedDigest, runOn, smallRidge, temporaryHome } from "./workplace.ts";

const late = { model: "late", probability: 0.1, delayMs: 2500 };

describe("one spec and seed give the same bits wherever they run", () => {
  test.each([
    ["gradient descent, all", { wait: "all", stop: { rounds: 12, tolerance: 0 } }],
    ["l-bfgs, all", { wait: "all", optimizer: "l-bfgs", stop: { rounds: 8, tolerance: 0 } }],
    [
      "a deadline that only the late ones miss",
      {
        wait: { deadline: 2000, atLeast: 2 },
        weather: late,
        stop: { rounds: 4, tolerance: 0 },
      },
    ],
  ])("%s: emulated, simulated, on threads and replayed", async (_name, changes) => {
    await using home = await temporaryHome();
    const spec = { ...smallRidge, workers: 4, ...changes };
    const emulated = await runOn("emulated", home.path, spec);
    const simulated = await runOn("simulated", home.path, spec);
    expect(simulated.result.weightsDigest).toBe(emulated.result.weightsDigest);
    if (!("weather" in changes)) {
      const threads = await runOn("threads", home.path, spec);
      expect(threads.result.weightsDigest).toBe(emulated.result.weightsDigest);
    }
    const replayed = await replayedDigest(home.path, emulated.record.run);
    expect(replayed).toBe(emulated.result.weightsDigest);
  });

  test("fastest k in real weather: the recorded arrivals replay to the same weights", async () => {
    await using home = await temporaryHome();
    const spec = {
      ...smallRidge,
      workers: 5,
      optimizer: "l-bfgs",
      wait: { fastest: 4 },
      weather: { model: "lambda", failures: "2%" },
      stop: { rounds: 10, tolerance: 0 },
    };
    const run = await runOn("emulated", home.path, spec);
    expect(await replayedDigest(home.path, run.record.run)).toBe(run.result.weightsDigest);
    // A negative control: another seed's run has other weights.
    const other = await runOn("simulated", home.path, { ...spec, seed: 2 });
    expect(other.result.weightsDigest).not.toBe(run.result.weightsDigest);
  });

  test("the backend's name is checked", async () => {
    await expect(
      openComputeBackend("emulate", { home: "", spec: {} as never }),
    ).rejects.toMatchObject({
      code: "unknown-backend",
    });
  });
});
