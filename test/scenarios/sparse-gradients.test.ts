import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import type { RoundEvent, TableTraffic } from "../../src/ports/events.ts";
import { foldRun } from "../../src/report/fold.ts";
import { readHistory } from "../../src/run/finish.ts";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { replayedDigest, runOn, temporaryHome } from "./workplace.ts";

const model = fileURLToPath(new URL("../fixtures/networks/pairs.ts", import.meta.url));
const spec = {
  problem: { type: "network", model, loss: "meanSquaredError", backend: "wasm" },
  data: {
    generate: { type: "ratings", rows: 240, users: 900, items: 500, rank: 2 },
    standardize: false,
    test: 0.1,
  },
  workers: 4,
  wait: { fastest: 3 },
  encoding: "uncoded",
  weather: { model: "late", probability: 0.2, delayMs: 80, failures: "5%", duplicates: "5%" },
  stop: { rounds: 4, tolerance: 0 },
  seed: 5,
};
const localSteps = { type: "local-steps", steps: 3, batch: 16, learningRate: 0.3 };

async function run(home: string, more: object, on = "simulated") {
  const { result, record } = await runOn(on, home, { ...spec, ...more });
  const events = await withOpenRun({ home }, record.run, ({ store }) =>
    readHistory(store, record.run),
  );
  const rounds = events.filter((event): event is RoundEvent => event.type === "round");
  return { result, events, run: record.run, tables: rounds.map(({ tables = [] }) => tables) };
}

const sum = (tables: readonly (readonly TableTraffic[])[], of: "sentBytes" | "denseBytes") =>
  tables.flat().reduce((total, table) => total + table[of], 0);

describe("by rows or dense, a run's weights are the same bits", () => {
  test.each([
    ["clipped sgd", { optimizer: { type: "sgd", learningRate: 0.3, clip: 0.01 } }],
    ["adam", { optimizer: { type: "adam", learningRate: 0.05 } }],
    ["local steps", { strategy: localSteps }],
    ["local steps, each reply at once", { strategy: { ...localSteps, asynchronous: true } }],
    [
      "local steps, adam outside",
      { strategy: localSteps, optimizer: { type: "adam", learningRate: 0.01 } },
    ],
    [
      "batches of rows",
      { strategy: { type: "rounds", batch: 16 }, optimizer: { type: "sgd", learningRate: 0.3 } },
    ],
    ["replicated rows", { encoding: "replication", optimizer: { type: "sgd", learningRate: 0.3 } }],
  ])("%s", async (_what, more) => {
    await using home = await temporaryHome();
    const auto = await run(home.path, more);
    const dense = await run(home.path, { ...more, gradients: "dense" });
    expect(auto.result.weightsDigest).toBe(dense.result.weightsDigest);
    expect(auto.result.objective).toBe(dense.result.objective);
    expect(auto.tables.every((round) => round.length === 2)).toBe(true);
    expect(dense.tables.flat()).toEqual([]);
    expect(sum(auto.tables, "sentBytes")).toBeLessThan(sum(auto.tables, "denseBytes") / 3);
    expect(auto.result.bytesUp).toBeLessThan(dense.result.bytesUp / 2);
    expect(await replayedDigest(home.path, auto.run)).toBe(auto.result.weightsDigest);
  });
});

test("gathered, the losses of sgd are the same to 1e-4, at more bytes than by rows", async () => {
  await using home = await temporaryHome();
  const optimizer = { type: "sgd", learningRate: 0.3 };
  const auto = await run(home.path, { optimizer });
  const gather = await run(home.path, { optimizer, gradients: "gather" });
  const losses = ({ events }: typeof auto) =>
    events.flatMap((event) => (event.type === "round" ? [event.objectiveEstimate] : []));
  const [a, b] = [losses(auto), losses(gather)];
  expect(a.length).toBe(4);
  for (const [i, loss] of a.entries()) expect(Math.abs(loss - b[i]!)).toBeLessThan(1e-4 * loss);
  expect(gather.result.bytesUp).toBeGreaterThan(auto.result.bytesUp);
});

test.each([
  ["async-sgd", { strategy: "async-sgd", optimizer: { type: "gradient-descent", step: 0.1 } }],
  ["anytime", { strategy: { type: "anytime", seconds: 0.1 } }],
  ["a pipeline", { strategy: { type: "pipeline", stages: 2 }, workers: 2, optimizer: "adam" }],
])("%s: auto and dense are the same bits", async (what, more) => {
  await using home = await temporaryHome();
  const calm = { weather: { model: "calm" }, wait: "all", stop: { rounds: 2, tolerance: 0 } };
  const [auto, dense] = [
    await run(home.path, { ...calm, ...more, gradients: "auto" }),
    await run(home.path, { ...calm, ...more, gradients: "dense" }),
  ];
  expect(auto.result.weightsDigest).toBe(dense.result.weightsDigest);
  expect(auto.result.objective).toBe(dense.result.objective);
  // Stages leave out rows of zeros; the others tell all of them.
  const isShorter = auto.result.bytesUp < dense.result.bytesUp / 2;
  expect(isShorter).toBe(what === "a pipeline");
});

test("a lazy optimizer's run goes other ways than an exact one, and the same again", async () => {
  await using home = await temporaryHome();
  const adam = { type: "adam", learningRate: 0.05 };
  const lazy = { strategy: localSteps, optimizer: { ...adam, lazy: true } };
  const first = await run(home.path, lazy);
  const again = await run(home.path, lazy);
  const exact = await run(home.path, { strategy: localSteps, optimizer: adam });
  expect(again.result.weightsDigest).toBe(first.result.weightsDigest);
  expect(exact.result.weightsDigest).not.toBe(first.result.weightsDigest);
  expect(first.tables.flat().every(({ moves }) => moves === undefined)).toBe(true);
  expect(exact.tables.flat().every(({ moves }) => moves === "momentum")).toBe(true);
  expect(await replayedDigest(home.path, first.run)).toBe(first.result.weightsDigest);
});

test("functions tell the same rows, and the report has a line for each table", async () => {
  await using home = await temporaryHome();
  const more = { strategy: localSteps, wait: "all", weather: { model: "calm" } };
  const simulated = await run(home.path, more);
  // Crashes and repetitions: environments that have no weights, or those of another round.
  const rough = { ...more, weather: { model: "calm", failures: "10%", duplicates: "10%" } };
  const emulated = await run(home.path, rough, "emulated");
  expect(emulated.result.weightsDigest).toBe(simulated.result.weightsDigest);
  // Weights went down once; from then on as the rows that changed, and the simulation knows it.
  const whole = 4 * 4 * 1.34 * 4 * (4 * (900 + 500) + 2);
  expect(simulated.result.bytesDown).toBeLessThan(whole / 2);
  expect(emulated.result.bytesDown).toBeLessThan(whole);
  const [users] = foldRun("", emulated.events).tables;
  expect(users).toMatchObject({ tensor: "users/embeddings", rows: 900 });
  expect(users!.distinctRows).toBeLessThan(4 * 3 * 16);
  expect(users!.dense).toBeUndefined();
});

const privacy = { epsilon: 4, delta: 1e-5, clip: 1, unit: "record", adjacency: "zero-out" };

test("sparseAsDense is another name for gradients: dense", () => {
  const gradientsOf = (sparseAsDense: boolean) => resolveSpec({ ...spec, sparseAsDense }).gradients;
  expect([true, false].map(gradientsOf)).toEqual(["dense", "auto"]);
  expect(resolveSpec(spec)).not.toHaveProperty("gradients");
});

test.each([
  [{ gradients: "gather", strategy: localSteps }, "gradients: gather: local-steps tells changes"],
  [{ gradients: "gather", problem: "logistic" }, "logistic has no table"],
  [{ gradients: "dense", sparseAsDense: false }, "sparseAsDense: false is gradients: auto"],
  [
    { gradients: "gather", strategy: "async-sgd" },
    "strategy async-sgd tells all gradients dense, as it steps along the mean of every slot",
  ],
  [
    { gradients: "gather", strategy: { type: "anytime", seconds: 1 } },
    "strategy anytime tells all gradients dense, as a reply is of as many rows",
  ],
  [
    { gradients: "gather", strategy: { type: "pipeline", stages: 1 }, workers: 1 },
    "strategy pipeline tells all gradients dense, as its stages leave out rows of zeros",
  ],
  [
    { gradients: "gather", strategy: "dp-sgd", privacy },
    "strategy dp-sgd tells all gradients dense, as noise moves every row",
  ],
  [
    { gradients: "gather", strategy: "gossip", privacy },
    "strategy gossip tells all gradients dense, as neighbours tell all of their weights",
  ],
  [{ optimizer: { type: "adam", lazy: true }, gradients: "dense" }, "says nothing of absent rows"],
  [{ optimizer: { type: "adam", lazy: true }, problem: "logistic" }, "optimizer.lazy: logistic"],
])("%j is refused", (change, message) => {
  expect(() => resolveMembers(resolveSpec({ ...spec, ...change }))).toThrow(message);
});
