import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { costModel, type StageRule, tracedGraph } from "../../src/model-parallel/cost-model.ts";
import { fewestStages, partitionGraph } from "../../src/model-parallel/graph-partitioner.ts";
import { checkPartition, contiguous, stageTable } from "../../src/model-parallel/partition.ts";
import { minMaxCuts, minMaxSegments } from "../../src/model-parallel/segments.ts";
import { partitionTree } from "../../src/model-parallel/tree-partitioner.ts";
import { chain, graphOf, plainRule, randomTrace, traceOf } from "./synthetic.ts";

/** Falling loads of the segments that end there. */
function loadsOf(costs: readonly number[], ends: readonly number[]): number[] {
  const sums = ends.map((end, i) =>
    costs.slice(i === 0 ? 0 : ends[i - 1]!, end).reduce((a, b) => a + b, 0),
  );
  return sums.sort((a, b) => b - a);
}

function* everyCut(items: number, segments: number, from = 0): Generator<number[]> {
  if (segments === 1) yield [items];
  else
    for (let end = from + 1; end <= items - segments + 1; end++)
      for (const rest of everyCut(items, segments - 1, end)) yield [end, ...rest];
}

function optimum(costs: readonly number[], segments: number): number[] {
  let best: number[] | null = null;
  for (const ends of everyCut(costs.length, segments)) {
    const loads = loadsOf(costs, ends);
    const at = best === null ? -1 : loads.findIndex((load, i) => load !== best![i]);
    if (best === null || (at >= 0 && loads[at]! < best[at]!)) best = loads;
  }
  return best!;
}

describe("contiguous segments with the smallest largest cost", () => {
  it.each([
    [[10, 1, 1], 2, 10],
    [[1, 1, 10], 2, 10],
    [[7, 2, 5, 10, 8], 2, 18],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9], 3, 17],
    [[5, 1, 1, 1, 5, 1, 1, 1, 5], 3, 7],
    [[38.6, 7.1, 7.1, 7.1, 7.1, 7.1, 7.1, 0.1], 3, 38.6],
    [[2, 9, 9, 5, 4], 4, 9],
  ])("%j over %i is %f", (costs, segments, best) => {
    const ends = minMaxCuts(costs, segments)!;
    expect(ends).toHaveLength(segments);
    expect(loadsOf(costs, ends)[0]).toBeCloseTo(best, 9);
  });

  it("is the best of all cuts, the second largest too, for 2,000 random vectors", () => {
    const random = randomFrom("segments");
    let restrictedLoses = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const costs = Array.from({ length: 1 + random.integer(10) }, () => 1 + random.integer(20));
      const segments = 1 + random.integer(costs.length);
      const best = optimum(costs, segments);
      expect(loadsOf(costs, minMaxCuts(costs, segments)!)).toEqual(best);
      // The control: a first segment of two items or more, as one implementation has it.
      const sum = (from: number, to: number) => costs.slice(from, to).reduce((a, b) => a + b, 0);
      const restricted = minMaxSegments({
        ...{ items: costs.length, segments },
        cost: (k, from, to) => (k === 0 && to < 2 ? Number.POSITIVE_INFINITY : sum(from, to)),
      });
      if (restricted === null || loadsOf(costs, restricted)[0]! > best[0]!) restrictedLoses++;
    }
    expect(restrictedLoses).toBeGreaterThan(500);
    expect(minMaxCuts([1, 2], 3)).toBeNull();
  });
});

describe("the partitioner of graphs", () => {
  const skips = () =>
    graphOf([
      ["a", "x"],
      ["b", "a"],
      ["c", "b"],
      ["d", "c", "a"],
      ["e", "d"],
      ["b", "e"],
      ["f", "b#1", "a"],
    ]);
  const rules: readonly [string, Partial<StageRule>][] = [
    ["time", {}],
    ["memory", { balance: 1, optimizerSlots: 2 }],
    ["both, with transfers", { balance: 0.5, bytesPerMs: 20, recompute: true }],
    ["a memory that depends on the stage", { balance: 0.5, inFlight: (s, p) => p - s }],
  ];

  it.each(rules)("is as good as the best of all cuts by %s", (_, some) => {
    for (let seed = 0; seed < 40; seed++) {
      const plain = seed % 2 === 0 ? skips() : chain(7);
      const trace = randomTrace(plain, randomFrom(seed));
      const bounded = seed % 4 < 2 ? { memoryBytesMax: 6000 } : {};
      const model = costModel(tracedGraph(plain, trace), trace, {
        ...plainRule,
        ...some,
        ...bounded,
      });
      const ids = plain.nodes.map(({ id }) => id);
      const best = (stages: number) => {
        let least = Number.POSITIVE_INFINITY;
        for (const ends of everyCut(ids.length, stages)) {
          const { rows } = stageTable(model, contiguous(ids, ends));
          if (rows.some(({ peakBytes }) => peakBytes > (bounded.memoryBytesMax ?? 1e9))) continue;
          least = Math.min(least, Math.max(...rows.map((row, s) => model.load(row, s, stages))));
        }
        return least;
      };
      for (const stages of [1, 2, 3, 4]) {
        const bound = best(stages);
        if (bound === Number.POSITIVE_INFINITY) {
          expect(() => partitionGraph(model, stages, "replicate")).toThrow(/within|alone takes/);
          continue;
        }
        const partition = partitionGraph(model, stages, "replicate");
        checkPartition(model.index, partition, "replicate");
        const { rows } = stageTable(model, partition);
        const own = Math.max(...rows.map((row, s) => model.load(row, s, stages)));
        expect(own).toBeCloseTo(bound, 9);
        expect(fewestStages(model, "replicate")).toBeLessThanOrEqual(stages);
      }
    }
  });

  it("is blind to units: times in other units, bytes in other units, all of them", () => {
    for (let seed = 0; seed < 40; seed++) {
      const graph = skips();
      const trace = randomTrace(graph, randomFrom(seed));
      const cut = (msFactor: number, byteFactor: number, balance = 0.4) => {
        const nodes = Object.entries(trace.nodes).map(([id, node]) => [
          id,
          {
            forwardMs: node.forwardMs * msFactor,
            backwardMs: node.backwardMs * msFactor,
            activationBytes: node.activationBytes * byteFactor,
            slopeBytes: node.slopeBytes * byteFactor,
            workingBytes: node.workingBytes * byteFactor,
          },
        ]);
        const modules = Object.entries(trace.modules).map(([name, module]) => [
          name,
          {
            weightBytes: module.weightBytes * byteFactor,
            packedBytes: module.packedBytes * byteFactor,
            trainableBytes: module.trainableBytes * byteFactor,
          },
        ]);
        const tensors = Object.entries(trace.tensors).map(([id, { shape, dtype }]) => [
          id,
          { shape: [1, shape[1]! * byteFactor], dtype },
        ]);
        const [n, m, t] = [nodes, modules, tensors].map((list) => Object.fromEntries(list));
        const scaled = { examples: 1, nodes: n, modules: m, tensors: t };
        const bytesPerMs = (30 * byteFactor) / msFactor;
        const rule = { ...plainRule, balance, bytesPerMs };
        const model = costModel(tracedGraph(graph, scaled), scaled, rule);
        return [partitionGraph(model, 3, "replicate"), partitionTree(model, 3)];
      };
      const own = cut(1, 1);
      expect(cut(1000, 1)).toEqual(own);
      expect(cut(1, 1000)).toEqual(own);
      expect(cut(7, 7)).toEqual(own);
    }
    // The control, terms that are added with their units: the seconds of one graph cut otherwise.
    const sums = (factor: number) =>
      minMaxCuts(
        [9, 1, 1, 1].map((ms, i) => ms * factor + i * 4),
        2,
      );
    expect(sums(1000)).not.toEqual(sums(1));
  });

  it("keeps uses of a shared layer together, or lets stages have copies", () => {
    const graph = skips();
    const trace = traceOf(graph);
    const model = costModel(tracedGraph(graph, trace), trace, plainRule);
    const { stages } = partitionGraph(model, 3, "colocate");
    expect(stages.map(({ nodes }) => nodes)).toEqual([["a"], ["b", "c", "d", "e", "b#1"], ["f"]]);
    expect(() => partitionGraph(model, 4, "colocate")).toThrow(
      /7 layers, some of them joined.*for 3/,
    );
    expect(partitionGraph(model, 4, "replicate").stages).toHaveLength(4);
    // Two stages that use it count its weights each.
    const { rows } = stageTable(model, partitionGraph(model, 7, "replicate"));
    expect(rows.reduce((sum, { weightBytes }) => sum + weightBytes, 0)).toBe(7 * 400);
  });

  it("refuses more stages than layers, and memory that does not do, with what does", () => {
    const graph = chain(8);
    const trace = traceOf(graph, { weightBytes: () => 1000 });
    const rule = { ...plainRule, memoryBytesMax: 25_000 };
    const model = costModel(tracedGraph(graph, trace), trace, rule);
    expect(() => partitionGraph(model, 9, "replicate")).toThrow(
      "stages: 9: the model has 8 layers",
    );
    // 12 x 1,000 bytes a layer: weights as they are and packed, slopes, and nine for an update.
    let thrown: unknown;
    try {
      partitionGraph(model, 3, "replicate");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "memory-infeasible", hint: /^4 stages fit/ });
    expect(fewestStages(model, "replicate")).toBe(4);
    const tight = costModel(model.index.graph, trace, { ...rule, memoryBytesMax: 9_000 });
    expect(() => partitionGraph(tight, 8, "replicate")).toThrow(/"layer\d" alone takes/);
  });
});
