import { expect, test } from "vitest";
import { runOn, temporaryHome } from "./workplace.ts";

/** 1.6 million weights: 6.4 MB, above what a request, or any reply, may hold. */
test("a model too large for an invocation trains through the store", async () => {
  await using home = await temporaryHome();
  const spec = {
    problem: { type: "logistic", l2: 0.01 },
    data: { generate: { type: "sparse-classification", rows: 300, features: 1_600_000 } },
    workers: 4,
    wait: "all",
    optimizer: "gradient-descent",
    stop: { rounds: 2, tolerance: 0 },
    weather: { model: "calm" },
  };
  const emulated = await runOn("emulated", home.path, spec);
  const simulated = await runOn("simulated", home.path, spec);
  expect(emulated.end.stop.kind).toBe("done");
  expect(emulated.result.weightsDigest).toBe(simulated.result.weightsDigest);
});
