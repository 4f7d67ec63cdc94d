import { expect, test } from "vitest";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";
import { replayedDigest, runOn, temporaryHome } from "../../scenarios/workplace.ts";

const spec = {
  problem: { type: "softmax", l2: 0.001 },
  data: { generate: { type: "classification", rows: 400, features: 300, classes: 3 }, test: 0 },
  workers: 5,
  wait: "all",
  strategy: { type: "local-steps", steps: 4, batch: 8, learningRate: 0.05 },
  compression: { type: "sign-top-k", k: 40 },
  stop: { rounds: 12, tolerance: 0 },
  weather: { model: "calm" },
};
const both = { ...spec, compression: { ...spec.compression, down: { type: "top-k", k: 40 } } };
const rough = { model: "late", probability: 0.2, delayMs: 300, failures: "6%", duplicates: "6%" };
/** Of the first download of five slots, in bits and in bytes. */
const first = 5 * 32 * 903;

test("threads, a simulation and a replay come to the same bits, losses and all", async () => {
  await using home = await temporaryHome();
  const calm = await runOn("simulated", home.path, both);
  const threads = await runOn("threads", home.path, both);
  expect(threads.result.weightsDigest).toBe(calm.result.weightsDigest);
  // Threads that could not send a reply without values would have been started anew each time.
  expect(threads.result.erasures).toBe(0);
  const run = await runOn("simulated", home.path, {
    ...both,
    wait: { fastest: 4 },
    weather: rough,
  });
  expect(run.result.erasures).toBeGreaterThan(0);
  expect(run.result.weightsDigest).not.toBe(calm.result.weightsDigest);
  expect(await replayedDigest(home.path, run.record.run)).toBe(run.result.weightsDigest);
  // Repetitions and losses alone change nothing but the bits down: what was lost is sent whole.
  const lossy = { ...both, weather: { ...rough, probability: 0 } };
  const { result } = await runOn("simulated", home.path, lossy);
  expect(result.weightsDigest).toBe(calm.result.weightsDigest);
  expect(result.bitsDown!).toBeGreaterThan(calm.result.bitsDown!);
});

test("few bits go down once a slot has weights, and requests weigh what is told", async () => {
  await using home = await temporaryHome();
  const [told, whole] = [
    (await runOn("simulated", home.path, both)).result,
    (await runOn("simulated", home.path, spec)).result,
  ];
  expect(whole.bitsDown).toBe(12 * first);
  // 40 numbers of 32 bits and where they are, in each of eleven downloads.
  expect(told.bitsDown! - first).toBeLessThan(11 * 5 * 40 * 56);
  expect(told.bitsDown! - first).toBeGreaterThan(11 * 5 * 40 * 32);
  expect(told.bytesDown).toBeLessThan(whole.bytesDown / 4);
  expect(8 * told.bytesDown).toBeGreaterThan(told.bitsDown!);
  expect(told.objective).toBeLessThan(1.1 * whole.objective);
});

test("what goes down is named by a compressor, with its options", () => {
  const { compression } = resolveSpec({ ...spec, compression: { type: "none", down: "sign" } });
  expect(compression).toMatchObject({ type: "none", down: { type: "sign" } });
  expect(resolveSpec(spec).compression).not.toHaveProperty("down");
  const refused = (down: unknown) => () =>
    resolveSpec({ ...spec, compression: { type: "top-k", down } });
  expect(refused("top-kk")).toThrow(/compression\.down: .*top-kk/);
  expect(refused({ type: "top-k", k: -1 })).toThrow(/compression\.down\.k/);
  expect(refused(3)).toThrow(/compression\.down: expected a compressor/);
});
