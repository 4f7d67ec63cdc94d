import { describe, expect, it } from "vitest";
import { prices } from "../../src/limits.ts";
import { tracedGraph } from "../../src/model-parallel/cost-model.ts";
import { forecastPipeline } from "../../src/model-parallel/pipeline-forecast.ts";
import type { PipelineModel } from "../../src/model-parallel/pipeline-setting.ts";
import { choosePlan, planPipeline } from "../../src/model-parallel/plan-pipeline.ts";
import { chain, traceOf } from "./synthetic.ts";

const free = {
  ...{ invokeMs: 0, objectMs: 0, bytesPerMs: Number.POSITIVE_INFINITY },
  ...{ residentBytes: 0, orchestratorMemoryMb: 128 },
};

/** Layers alike: `ms` for 64 examples forward and backward, `bytes` an example, `weights` each. */
function model(layers: number, more: Partial<PipelineModel> = {}, weights = 4e6): PipelineModel {
  const graph = chain(layers);
  const trace = {
    ...traceOf(graph, { ms: () => 1200, weightBytes: () => weights, bytes: () => 1000 }),
    examples: 64,
  };
  return {
    ...{ graph: tracedGraph(graph, trace), trace, tracedMemoryMb: 1769, examplesPerStep: 64 },
    ...{ optimizerSlots: 2, recompute: true, balance: 0, shared: "replicate" },
    ...{ partitioner: "graph", schedule: "1f1b", rates: free, ...more },
  };
}

const at = { stages: 4, microbatches: 8, replicas: 1, memoryMb: 1769 };

describe("the forecast of a pipeline", () => {
  it("is the formula where stages are alike: makespan, bubble, dollars, invocations", () => {
    const { makespanMs, timeline, dollarsPerStep, invocations, table } = forecastPipeline(
      model(4),
      at,
    );
    // A microbatch: 400 / 8 forward, (400 + 800) / 8 backward; the last stage does both at once.
    expect(table.rows.map(({ forwardMs, backwardMs }) => [forwardMs, backwardMs])).toEqual(
      Array(4).fill([50, 150]),
    );
    expect(timeline.billed).toBe(8 * (3 * 200 + 150));
    // Seven microbatches wait for the slowest stages, one goes through all and back.
    expect(makespanMs).toBeGreaterThanOrEqual(7 * 200 + 3 * 50 + 4 * 150 - 50);
    expect(makespanMs).toBeLessThanOrEqual((8 + 3) * 200);
    expect(invocations).toBe(8 * 7 + 4);
    const gbSeconds = (timeline.billed / 1000) * (1769 / 1024);
    const workers = gbSeconds * prices.usdPerGbSecond.arm64 + invocations * prices.usdPerRequest;
    const orchestrator = (makespanMs / 8000) * prices.usdPerGbSecond.arm64;
    // Slopes of weights are written by each backward task, and read by the update.
    const slopes = 4 * 8 * (prices.s3.usdPerPut + prices.s3.usdPerGet);
    const update = slopes + 4 * (3 * prices.s3.usdPerGet + 2 * prices.s3.usdPerPut);
    expect(dollarsPerStep).toBeCloseTo(workers + orchestrator + update, 12);
  });

  it("a bubble costs time and no money: finer microbatches, the same bill of computing", () => {
    // Weights so small that their slopes are no objects of the store.
    const small = model(4, {}, 4e5);
    const of = (microbatches: number) => forecastPipeline(small, { ...at, microbatches });
    const runs = [1, 2, 4, 8, 16].map(of);
    for (const { timeline } of runs)
      expect(timeline.billed).toBeCloseTo(runs[0]!.timeline.billed, 6);
    const spans = runs.map(({ makespanMs }) => makespanMs);
    expect(spans).toEqual(spans.toSorted((a, b) => b - a));
    // What stays through the bubble pays for it.
    expect(runs[0]!.residentDollarsPerStep / runs[0]!.dollarsPerStep).toBeGreaterThan(3);
    expect(runs[4]!.residentDollarsPerStep / runs[4]!.dollarsPerStep).toBeLessThan(1.4);
  });

  it("hops take time: with hops as long as stages, one function is faster", () => {
    const slow = model(4, { rates: { ...free, invokeMs: 4000 } });
    const [one, four] = [1, 4].map(
      (stages) => forecastPipeline(slow, { ...at, stages }).makespanMs,
    );
    expect(four).toBeGreaterThan(one!);
    const [fast, faster] = [1, 4].map(
      (stages) => forecastPipeline(model(4), { ...at, stages, microbatches: 16 }).makespanMs,
    );
    expect(faster! / fast!).toBeLessThan(0.4);
  });

  it("less memory is slower, more than a processor's is no faster", () => {
    const span = (memoryMb: number) => forecastPipeline(model(4), { ...at, memoryMb }).makespanMs;
    expect(span(884.5 * 2)).toBe(span(3538));
    expect(span(1769 / 2 - 0.5) / span(1769)).toBeCloseTo(1769 / 884, 6);
  });

  it("objects are counted where tensors do not fit an invocation", () => {
    const large = model(4);
    const big = { ...large.trace, tensors: { ...large.trace.tensors } };
    big.tensors.layer0 = { shape: [64, 16e6 / 4], dtype: "float32" };
    const forecast = forecastPipeline(
      { ...large, graph: tracedGraph(large.graph, big), trace: big },
      { ...at, memoryMb: 10240 },
    );
    const small = forecastPipeline(large, { ...at, memoryMb: 10240 });
    // Eight microbatches: written, read forward and back; the slopes written, and read.
    const more = 8 * (2 * prices.s3.usdPerPut + 3 * prices.s3.usdPerGet);
    expect(forecast.dollarsPerStep - small.dollarsPerStep).toBeCloseTo(more, 12);
  });
});

describe("the plan", () => {
  const heavy = model(8, { rates: { ...free, invokeMs: 20, residentBytes: 100e6 } }, 80e6);
  const choices = {
    ...{ stages: [1, 2, 4, 8], microbatches: [4, 8], replicas: [1, 2], memoryMb: [1769, 3008] },
  };

  it("has a front of time against money, and says how many functions a model needs", () => {
    const { front, forecasts, refusals, fewest } = planPipeline(heavy, choices);
    // Two layers of 80 MB, twice and with slopes, and the update of one, fifteen times its size.
    expect(fewest.get(1769)).toBe(4);
    expect(fewest.get(3008)).toBe(2);
    expect(refusals).toHaveLength((2 + 1) * 2 * 2);
    expect(refusals[0]!.error).toMatchObject({
      ...{ code: "memory-infeasible", hint: expect.stringContaining("4 stages fit") },
    });
    expect(front.length).toBeGreaterThan(1);
    for (const one of front)
      for (const other of forecasts)
        expect(other.makespanMs < one.makespanMs && other.dollarsPerStep < one.dollarsPerStep).toBe(
          false,
        );
    const hasty = choosePlan({ front, forecasts, refusals, fewest }, 1);
    const patient = choosePlan({ front, forecasts, refusals, fewest }, 0);
    expect(hasty.makespanMs).toBeLessThan(patient.makespanMs);
    expect(patient.dollarsPerStep).toBeLessThan(hasty.dollarsPerStep);
  });

  it.each([
    [{ microbatches: [128] }, "the batch has 64"],
    [{ stages: [9] }, "stages: 9: the model has 8 layers"],
    [{ stages: [1.5] }, "stages: 1.5: a whole number"],
    [{ stages: [1] }, "no partition keeps every stage within"],
    [{ memoryMb: [64] }, "Lambda has 128 to 10240"],
    [{ memoryMb: [256] }, /"layer\d" alone takes/],
    [{ stages: [] }, "plan: no stages"],
  ])("refuses %j where nothing works", (change, message) => {
    expect(() => planPipeline(heavy, { ...choices, memoryMb: [1769], ...change })).toThrow(message);
  });

  it("a tree that comes back to a worker is priced as it runs", () => {
    const tree = { ...heavy, partitioner: "tree" as const, schedule: "interleaved" as const };
    const forecast = forecastPipeline(tree, { ...at, memoryMb: 3008 });
    expect(forecast.partition.stages.length).toBeGreaterThanOrEqual(4);
    expect(() => forecastPipeline(tree, { ...at, stages: 1 })).toThrow("stage 0 takes");
  });
});
