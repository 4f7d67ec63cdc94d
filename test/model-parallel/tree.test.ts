import { describe, expect, it } from "vitest";
import { type Random, randomFrom } from "../../src/core/random.ts";
import { costModel, tracedGraph } from "../../src/model-parallel/cost-model.ts";
import { partitionGraph } from "../../src/model-parallel/graph-partitioner.ts";
import { checkPartition } from "../../src/model-parallel/partition.ts";
import { minMaxCuts } from "../../src/model-parallel/segments.ts";
import {
  assignDevices,
  dealSeats,
  type ModuleTree,
  moduleTree,
  partitionTree,
} from "../../src/model-parallel/tree-partitioner.ts";
import { graphOf, plainRule, randomTrace } from "./synthetic.ts";

const devices = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("D'Hondt's seats", () => {
  it.each([
    [[5, 3, 1], 7, [5, 2, 0]],
    [[340, 280, 160, 60], 15, [6, 5, 3, 1]],
  ])("%j with %i devices", (costs, count, expected) => {
    expect(dealSeats(devices(count), costs).map((seats) => seats.length)).toEqual(expected);
    expect(sharedDivisor(costs, count)).not.toEqual(expected);
  });

  it.each([
    [[0.5, 0.3, 0.2], 5, [[0, 2, 4], [1], [3]]],
    [[10, 1, 1], 2, [[0, 1], [], []]],
    [[1, 1, 1, 1], 6, [[0, 4], [1, 5], [2], [3]]],
  ])("%j with %i devices, dealt in order", (costs, count, expected) => {
    expect(dealSeats(devices(count), costs)).toEqual(expected);
  });

  it("one device more changes one segment by one", () => {
    const random = randomFrom("seats");
    for (let trial = 0; trial < 300; trial++) {
      const costs = Array.from({ length: 1 + random.integer(6) }, () => 1 + random.integer(30));
      for (let count = 0; count < 12; count++) {
        const [few, more] = [count, count + 1].map((n) => dealSeats(devices(n), costs));
        const grown = few!.filter((seats, i) => seats.length !== more![i]!.length);
        expect(grown).toHaveLength(1);
        expect(more!.flat()).toHaveLength(count + 1);
      }
    }
  });

  /** The control: the divisor counts all seats instead of the segment's own. */
  function sharedDivisor(costs: readonly number[], count: number): number[] {
    const quotients = [...costs];
    const seats = costs.map(() => 0);
    for (let k = 1; k <= count; k++) {
      const best = quotients.indexOf(Math.max(...quotients));
      seats[best]!++;
      quotients[best]! /= k + 1;
    }
    return seats;
  }
});

describe("the tree of modules", () => {
  function randomTree(random: Random, leaves: number, name: string): ModuleTree {
    if (leaves === 1) return { name, cost: 1 + random.integer(20), children: [] };
    const children: ModuleTree[] = [];
    for (let rest = leaves; rest > 0; ) {
      const own = Math.min(rest, 1 + random.integer(leaves - 1));
      children.push(randomTree(random, own, `${name}.${children.length}`));
      rest -= own;
    }
    return { name, cost: children.reduce((sum, { cost }) => sum + cost, 0), children };
  }

  const leavesOf = (tree: ModuleTree): ModuleTree[] =>
    tree.children.length === 0 ? [tree] : tree.children.flatMap(leavesOf);

  function best(costs: readonly number[], count: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let code = 0; code < count ** costs.length; code++) {
      const loads = Array(count).fill(0);
      for (let i = 0, rest = code; i < costs.length; i++, rest = Math.floor(rest / count))
        loads[rest % count] += costs[i]!;
      least = Math.min(least, Math.max(...loads));
    }
    return least;
  }

  it("gives every leaf one device of its parent's, and is never better than the best", () => {
    const random = randomFrom("trees");
    let [contiguous, optimal] = [0, 0];
    for (let trial = 0; trial < 150; trial++) {
      const tree = randomTree(random, 1 + random.integer(6), "m");
      const leaves = leavesOf(tree);
      const count = 1 + random.integer(Math.min(4, leaves.length));
      const sets = assignDevices(tree, count);
      expect(sets.get(tree.name)).toEqual(devices(count));
      const visit = (parent: ModuleTree) => {
        for (const child of parent.children) {
          const own = sets.get(child.name)!;
          expect(own.length).toBeGreaterThan(0);
          expect(sets.get(parent.name)).toEqual(expect.arrayContaining([...own]));
          visit(child);
        }
      };
      visit(tree);
      for (const leaf of leaves) expect(sets.get(leaf.name)).toHaveLength(1);
      const order = leaves.map(({ name }) => sets.get(name)![0]!);
      const costs = leaves.map(({ cost }) => cost);
      const loads = devices(count).map((d) =>
        costs.reduce((sum, cost, i) => sum + (order[i] === d ? cost : 0), 0),
      );
      const heaviest = Math.max(...loads);
      const bound = best(costs, count);
      expect(heaviest).toBeGreaterThanOrEqual(bound);
      if (heaviest === bound) optimal++;
      const runs = order.filter((d, i) => i === 0 || d !== order[i - 1]);
      if (new Set(runs).size !== runs.length) continue;
      contiguous++;
      const ends = minMaxCuts(costs, runs.length)!;
      const largest = ends.map((end, i) =>
        costs.slice(i === 0 ? 0 : ends[i - 1]!, end).reduce((a, b) => a + b, 0),
      );
      expect(Math.max(...largest)).toBeLessThanOrEqual(heaviest);
    }
    expect(contiguous).toBeGreaterThan(30);
    expect(optimal).toBeGreaterThan(50);
  });

  it("follows nested models, keeps shared layers on one device, and may come back to one", () => {
    const graph = graphOf([
      ["embed", "x"],
      ["block/a", "embed"],
      ["block/b", "block/a"],
      ["block/a", "block/b"],
      ["tail", "block/a#1"],
      ["embed", "tail"],
    ]);
    let revisits = 0;
    for (let seed = 0; seed < 60; seed++) {
      const trace = randomTrace(graph, randomFrom(seed));
      const model = costModel(tracedGraph(graph, trace), trace, { ...plainRule, balance: 0.5 });
      const tree = moduleTree(model);
      expect(tree.children.map(({ name }) => name)).toEqual(["embed", "block/", "tail"]);
      expect(tree.cost).toBeCloseTo(1, 9);
      for (const count of [1, 2, 3, 4]) {
        const partition = partitionTree(model, count);
        checkPartition(model.index, partition, "colocate");
        if (partition.stages.length > count) revisits++;
      }
      expect(() => partitionTree(model, 5)).toThrow("stages: 5: the model has 6 layers");
      expect(partitionGraph(model, 1, "colocate").stages).toHaveLength(1);
    }
    expect(revisits).toBeGreaterThan(60);
  });
});
