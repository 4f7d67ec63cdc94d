import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Backend } from "../../src/platform/backend.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { openHome } from "../../src/platform/local/home.ts";
import { readTrainedModel } from "../../src/platform/training/model.ts";
import { modelPartsPrefix, stepObjectsPrefix } from "../../src/store-layout.ts";
import { campaign } from "../campaign.ts";
import { kofn } from "../cli/fixtures.ts";
import { replayedDigest, runOn, temporaryHome } from "./workplace.ts";

const model = fileURLToPath(new URL("../fixtures/networks/tied.ts", import.meta.url));
const spec = {
  problem: { type: "network", model },
  data: { generate: { type: "classification", rows: 60, features: 12 }, test: 0.2 },
  strategy: { type: "pipeline", stages: 3, batch: 16, microbatches: 4 },
  optimizer: { type: "adam", learningRate: 0.05 },
  stop: { rounds: campaign(3, 12), tolerance: 0 },
  weather: { model: "calm" },
};
/** Environments that are killed, at tasks of all kinds. */
const killsCount = campaign(4, 30);
const weather = { model: "lambda", failures: "3%", duplicates: "2%" };

test("threads, a simulation and the emulator train stages to the same weights", async () => {
  await using home = await temporaryHome();
  const { result, record } = await runOn("simulated", home.path, spec);
  const threads = await runOn("threads", home.path, spec);
  expect(threads.result.weightsDigest).toBe(result.weightsDigest);
  expect(threads.result.objective).toBe(result.objective);
  expect(await replayedDigest(home.path, record.run)).toBe(result.weightsDigest);
  const { store, close } = await openHome(home.path);
  try {
    // What is exported and predicted with is a network as any other's, and nothing else is left.
    const trained = await readTrainedModel(store, threads.record.run);
    expect(trained.weights).toHaveLength(12 * 8 + 8 + 2 * (8 * 8 + 8) + 8 * 3 + 3);
    for (const { run } of [record, threads.record]) {
      expect(await store.list(stepObjectsPrefix(run))).toEqual([]);
      const parts = await store.list(modelPartsPrefix(run));
      expect(parts.every((key) => /\/weights-\d+\/(3|12)\.safetensors$/.test(key))).toBe(true);
    }
  } finally {
    await close();
  }

  const kills: Promise<boolean>[] = [];
  let arrivals = 0;
  const rough = await runOn(
    "emulated",
    home.path,
    // What an environment kept is gone with it, and computed again.
    { ...spec, strategy: { ...spec.strategy, recompute: false }, weather },
    {
      listen(event, backend) {
        // Every stage's environments, at other tasks of the step each time.
        if (event.type === "arrival" && ++arrivals % 9 === 4 && kills.length < killsCount)
          kills.push(killOne(backend));
      },
    },
  );
  const killed = (await Promise.all(kills)).filter((isDone) => isDone).length;
  expect(killed).toBeGreaterThan(campaign(1, 20));
  expect(rough.end.stop.kind).toBe("done");
  expect(rough.result.weightsDigest).toBe(result.weightsDigest);
  // The forecast of before the run is beside what was measured.
  const { record: told } = rough;
  expect(told.stages).toMatchObject({ forward: { length: 3 }, backward: { length: 3 } });
  const { out, err } = await kofn(home.path, "show", told.run);
  expect(out, err).toMatch(/^step +[\d.,]+ m?s, forecast [\d.,]+ m?s$/m);
  expect(out).toMatch(/^stage 2, backward +[\d.,]+ m?s, forecast [\d.,]+ m?s$/m);
});

const random = randomFrom("kills");

/** An environment of the worker, at work or warm. */
async function killOne(backend: Backend): Promise<boolean> {
  const all = await (backend as EmulatedBackend).emulator().environments();
  const living = all.filter(({ tenant }) => tenant !== null);
  const victim = living[random.integer(living.length)];
  try {
    return victim !== undefined && process.kill(victim.pid, "SIGKILL");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw thrown;
  }
}
