import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { replayedDigest, runOn, temporaryHome } from "./workplace.ts";

const model = fileURLToPath(new URL("../fixtures/networks/pairs.ts", import.meta.url));
const rows = {
  problem: { type: "ridge", l2: 0.01 },
  data: { generate: { type: "regression", rows: 96, features: 9 }, test: 0.1 },
  workers: 6,
  wait: "all",
  encoding: "uncoded",
  optimizer: { type: "adam", learningRate: 0.1 },
  stop: { rounds: 3, tolerance: 0 },
  seed: 5,
};
const pairs = {
  ...rows,
  problem: { type: "network", model, loss: "meanSquaredError", backend: "wasm" },
  data: {
    generate: { type: "ratings", rows: 200, users: 900, items: 500, rank: 2 },
    standardize: false,
    test: 0.1,
  },
  workers: 4,
  optimizer: { type: "sgd", learningRate: 0.3 },
};
const shapes = [
  "auto",
  { type: "tree", fanIn: 2 },
  { type: "scatter", shards: 3 },
  { type: "scatter", shards: 64 },
];
const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: "8%", duplicates: "8%" };

const resultOf = async (spec: object, on = "simulated") => {
  await using home = await temporaryHome();
  const { result, record } = await runOn(on, home.path, { weather: { model: "calm" }, ...spec });
  return { ...result, replayed: await replayedDigest(home.path, record.run) };
};

describe.each([
  ["rows", rows],
  ["tables", pairs],
])("gradients of %s that functions add up", (_what, spec) => {
  test("come to what the orchestrator's sums do, to single precision", async () => {
    const own = await resultOf(spec);
    for (const reduction of shapes) {
      const reduced = await resultOf({ ...spec, reduction });
      expect(Math.abs(reduced.objective - own.objective)).toBeLessThan(1e-6 * own.objective);
      expect(reduced.replayed).toBe(reduced.weightsDigest);
    }
  });

  test("are the same bits under loss and repetition, with the rest that counted", async () => {
    for (const reduction of shapes.slice(1, 3)) {
      const calm = await resultOf({ ...spec, reduction });
      const rough = await resultOf({ ...spec, reduction, weather: stormy });
      expect(rough.erasures).toBeGreaterThan(0);
      expect(rough.weightsDigest).toBe(calm.weightsDigest);
    }
  });
});

test("k of n count, and by rows or dense the sums are the same bits", async () => {
  const spec = { ...pairs, wait: { fastest: 3 }, reduction: { type: "scatter", shards: 2 } };
  const auto = await resultOf({ ...spec, weather: stormy });
  const dense = await resultOf({ ...spec, weather: stormy, gradients: "dense" });
  expect(auto.weightsDigest).toBe(dense.weightsDigest);
});

test("functions leave gradients and read them, to the same bits as the simulation", async () => {
  const spec = { ...rows, workers: 3, reduction: { type: "tree", fanIn: 2 } };
  const emulated = await resultOf(spec, "emulated");
  expect(emulated.weightsDigest).toBe((await resultOf(spec)).weightsDigest);
});

test.each([
  [{ optimizer: "l-bfgs" }, "reduction: optimizer l-bfgs looks at every reply"],
  [{ strategy: { type: "rounds", exact: true } }, "reduction: exact looks at every reply"],
  [{ encoding: "hadamard" }, "reduction: encoding hadamard is decoded by the orchestrator"],
  [{ wait: "adaptive" }, "reduction: this wait policy learns from replies"],
  [
    { strategy: "async-sgd", optimizer: "gradient-descent" },
    "reduction: strategy async-sgd adds its replies up by itself",
  ],
  [{ problem: "lasso", optimizer: "fista" }, "reduction: lasso has an l1 penalty"],
])("%j is refused", (change, message) => {
  const spec = { ...rows, reduction: "auto", ...change };
  expect(() => resolveMembers(resolveSpec(spec))).toThrow(message);
});
