import { describe, expect, test } from "vitest";
import { wholeModel } from "../../src/ports/model-ref.ts";
import type { Store } from "../../src/ports/store.ts";
import { problems } from "../../src/problems/registry.ts";
import { type CurveAhead, curveAhead } from "../../src/run/curve-ahead.ts";
import { evaluate } from "../../src/run/evaluate.ts";
import { finishRun } from "../../src/run/finish.ts";
import { measuresOf } from "../../src/run/model-measures.ts";
import type { ModelMeasures, PartsPool } from "../../src/run/parts-pool.ts";
import { evaluationKey } from "../../src/store-layout.ts";
import { afresh, type Scene, scene, segment, table } from "../simulation/simulated-run.ts";

/** Threads' part, played by this process; what it measured is noted. */
function playedPool(store: Store): PartsPool & { readonly asked: Float32Array[] } {
  const asked: Float32Array[] = [];
  return {
    asked,
    tally: async () => null,
    gram: async () => null,
    measures({ prepared, problem, weights }, rows) {
      asked.push(weights);
      return measuresOf(store, prepared, problems.create(problem), weights, rows);
    },
    figures: () => null,
    gap: () => null,
    close: async () => undefined,
  };
}

const spec = {
  problem: { type: "logistic", l2: 0.01 },
  workers: 4,
  wait: { fastest: 3 },
  stop: { rounds: 9, tolerance: 0 },
};

async function endOf(of: Scene, onModel: CurveAhead["take"] | undefined, how = {}) {
  const { record, staged, store } = of;
  const end = await segment(of, onModel === undefined ? {} : { onModel });
  const result = await finishRun(record, staged.prepared, end, store, how);
  return { result, curve: await store.read(evaluationKey(record.run)) };
}

describe("models that are evaluated while a run goes on", () => {
  test.each([
    ["two classes", spec, true],
    ["rows kept for testing", { ...spec, data: kept(0.3) }, true],
    ["a weight for each row", { ...spec, data: { ...kept(0.2), weights: "x0" } }, true],
    ["numbers", { ...spec, problem: "lasso", optimizer: "fista" }, false],
  ])("change no bit of its curve and result: %s", async (_, chosen, isClasses) => {
    const start = await scene(chosen, table(120, 4, 2, isClasses).replaceAll(/^-/gm, ""));
    const other = await afresh(start);
    const alone = await endOf(start, undefined);
    const pool = playedPool(other.store);
    const ahead = curveAhead(other.record, other.staged.prepared, pool)!;
    const together = await endOf(other, ahead.take, { ahead });
    expect(pool.asked.length).toBeGreaterThan(3);
    expect(together).toEqual(alone);
  });

  test("scores count in bins where the curve has too many points to keep them", async () => {
    const { staged, store, record } = await scene(spec, table(20_000, 2, 2, true));
    const problem = problems.create(record.spec.problem);
    const { columns, rows } = staged.prepared;
    const three = [1, 2, 3].map((at) =>
      Float32Array.from({ length: columns }, (_, j) => at * 1e-4 * (j - 1) + 1),
    );
    const many = Array.from({ length: Math.ceil(2 ** 21 / rows) + 2 }, (_, i) => three[i % 3]!);
    const known = new Map<Float32Array, ModelMeasures>();
    for (const weights of three)
      known.set(weights, await measuresOf(store, staged.prepared, problem, weights, "all"));
    const ahead = { take: () => undefined, of: async (at: Float32Array) => known.get(at) ?? null };
    const of = { store, prepared: staged.prepared };
    for (const models of [three, many]) {
      const alone = await evaluate(of, problem, models);
      expect(await evaluate({ ...of, ahead }, problem, models)).toEqual(alone);
    }
  });
});

test("only what the curve is likely to have is looked at, each model once", async () => {
  const { record, staged, store } = await scene(spec, table(120, 4, 2, true));
  const model = (at: number) => wholeModel(new Float32Array(5).fill(at));
  const takenOf = async (stop: object, rounds: number) => {
    const pool = playedPool(store);
    const planned = { spec: { ...record.spec, stop: { ...record.spec.stop, ...stop } } };
    const ahead = curveAhead(planned, staged.prepared, pool)!;
    for (let round = 0; round < rounds; round++) {
      ahead.take(round, model(round));
      ahead.take(round, model(round));
      await ahead.of(model(round).weights);
    }
    return pool.asked.map(([at]) => at);
  };
  const first = Array.from({ length: 80 }, (_, round) => round);
  expect(await takenOf({ rounds: 500, tolerance: 1e-4 }, 200)).toEqual(first);
  expect(await takenOf({ rounds: 790, tolerance: 0 }, 200)).toEqual(
    first.map((round) => 10 * round).filter((round) => round < 200),
  );
});

test("a failure is left to whoever evaluates at the end; few are under way at once", async () => {
  const { record, staged, store } = await scene(spec, table(120, 4, 2, true));
  let asked = 0;
  const { promise, reject } = Promise.withResolvers<ModelMeasures>();
  const measures = () => {
    asked++;
    return promise;
  };
  const pool = { ...playedPool(store), measures };
  const ahead = curveAhead(record, staged.prepared, pool)!;
  const weights = (at: number) => new Float32Array(5).fill(at);
  for (let round = 0; round < 9; round++) ahead.take(round, wholeModel(weights(round)));
  expect(asked).toBe(4);
  reject(new Error("its thread ended"));
  expect(await ahead.of(weights(0))).toBeNull();
  expect(await ahead.of(weights(8))).toBeNull();
  ahead.take(8, wholeModel(weights(8)));
  expect(asked).toBe(5);
});

test("a run that evaluates nothing has nothing looked at", async () => {
  const { record, staged, store } = await scene(spec, table(120, 4, 2, true));
  const { spec: plain } = record;
  const privacy = { evaluate: false } as never;
  expect(curveAhead({ spec: { ...plain, privacy } }, staged.prepared, playedPool(store))).toBe(
    undefined,
  );
});

function kept(test: number): object {
  return { source: "table.csv", target: "y", test };
}
