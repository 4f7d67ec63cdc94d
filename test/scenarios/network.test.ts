import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import { readHistory } from "../../src/run/finish.ts";
import type { Orchestrated } from "../../src/run/orchestrate.ts";
import { campaign } from "../campaign.ts";
import { replayedDigest, runOn, temporaryHome } from "./workplace.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const spec = {
  problem: { type: "network", model: at("../fixtures/networks/drawings.ts") },
  data: { source: at("../../examples/glyphs/glyphs.csv"), target: "shape", test: 0.2 },
  workers: 4,
  encoding: "uncoded",
  seed: 7,
};
const compression = { type: "sign-top-k", k: "25%" };
const weather = { model: "lambda", failures: "8%", duplicates: "5%" };
const disturbed = { ...spec, wait: { fastest: 3 }, weather, compression };

/** The same rate at the same number of samples: rounds of 3 are shorter than rounds of 4. */
const steps = (slower: number) => ({
  type: "local-steps",
  steps: 4,
  batch: 8,
  learningRate: { schedule: "inverse", scale: slower * 20, shift: slower * 50 },
});
const ending = (rounds: number) => ({ stop: { rounds, tolerance: 0 } });

test("3 of 4 workers, crashes, the signs of a quarter: beside an undisturbed run", async () => {
  await using home = await temporaryHome();
  const calm = { ...spec, strategy: steps(1), wait: "all", weather: { model: "calm" } };
  const { result: aim } = await runOn("simulated", home.path, { ...calm, ...ending(18) });
  const rough = { ...disturbed, strategy: steps(4 / 3), ...ending(24) };
  const { end, result, record } = await runOn(campaign("simulated", "emulated"), home.path, rough);
  expect(end.stop.kind).toBe("done");
  expect(result.erasures).toBeGreaterThan(0);
  expect(result.bitsUp).toBeLessThan(aim.bitsUp! / 10);
  expect(result.objective).toBeLessThan(1.2 * aim.objective);
  expect(await replayedDigest(home.path, record.run)).toBe(result.weightsDigest);
  // What is left out and never told is missed.
  const deaf = { ...rough, compression: { ...compression, feedback: "none" } };
  const { result: missed } = await runOn("simulated", home.path, deaf);
  expect(missed.objective).toBeGreaterThan(result.objective);
});

test("MADA outside moves the weights by what compressed updates add up to", async () => {
  await using home = await temporaryHome();
  const run = (optimizer: object) =>
    runOn("simulated", home.path, {
      ...disturbed,
      strategy: steps(4 / 3),
      optimizer: { learningRate: 0.03, beta1: 0.9, beta2: 0.9, epsilon: 1e-8, ...optimizer },
      ...ending(10),
    });
  const learning = { type: "mada", rho: 1, delay: 2, hyperLearningRate: 1 };
  const adam = await run({ type: "adam" });
  const frozen = await run({ ...learning, freeze: "all" });
  const learned = await run(learning);
  expect(frozen.result.weightsDigest).toBe(adam.result.weightsDigest);
  expect(learned.result.weightsDigest).not.toBe(adam.result.weightsDigest);
  const coefficients = await coefficientsOf(home.path, learned);
  expect(coefficients).toHaveLength(10);
  expect(coefficients[1]!.beta1).toBe(0.9);
  expect(coefficients[9]!.beta1).not.toBe(0.9);
  expect(await replayedDigest(home.path, learned.record.run)).toBe(learned.result.weightsDigest);
});

function coefficientsOf(home: string, { record }: Orchestrated) {
  return withOpenRun({ home }, record.run, async ({ store }) =>
    (await readHistory(store, record.run)).flatMap((event) =>
      event.type === "round" ? [event.coefficients!] : [],
    ),
  );
}
