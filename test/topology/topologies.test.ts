import { describe, expect, test } from "vitest";
import { parseEdges } from "../../src/topology/edge-list.ts";
import {
  distancesFrom,
  graphOver,
  type TopologyMember,
  unreachable,
} from "../../src/topology/graph.ts";
import { metropolis, mixingRow, mixingSpectrum, repeated } from "../../src/topology/mixing.ts";
import { topologies } from "../../src/topology/registry.ts";

const examples = topologies.members.flatMap(({ name, examples }) =>
  examples.map((options): [string, TopologyMember] => {
    const chosen = { type: name, ...options };
    return [JSON.stringify(chosen).slice(0, 60), topologies.create(chosen)];
  }),
);

describe.each(examples)("%s", (_name, topology) => {
  const served = [4, 9, 10, 12, 30].filter((nodes) => topology.refusal(nodes) === null);

  test("is connected, symmetric, and the same again", () => {
    expect(served.length).toBeGreaterThan(0);
    for (const nodes of served) {
      const graph = topology.graph(nodes);
      expect(graph).toEqual(topology.graph(nodes));
      expect(unreachable(graph)).toBeNull();
      for (const [i, near] of graph.neighbours.entries()) {
        expect(near).not.toContain(i);
        for (const j of near) expect(graph.neighbours[j]).toContain(i);
      }
    }
  });

  test("mixing is symmetric, doubly stochastic, zero off the graph, and contracts", () => {
    for (const nodes of served) {
      const graph = topology.graph(nodes);
      const { weights } = metropolis(graph);
      for (let i = 0; i < nodes; i++) {
        let sum = 0;
        for (let j = 0; j < nodes; j++) {
          const weight = weights[i * nodes + j]!;
          sum += weight;
          expect(weight).toBe(weights[j * nodes + i]);
          expect(weight).toBeGreaterThanOrEqual(0);
          if (i !== j && !graph.neighbours[i]!.includes(j)) expect(weight).toBe(0);
        }
        expect(sum).toBeCloseTo(1, 14);
      }
      const { second, squaredFrobenius } = mixingSpectrum({ nodes, weights });
      expect(second).toBeLessThan(1);
      expect(squaredFrobenius).toBeGreaterThanOrEqual(1 - 1e-12);
      expect(squaredFrobenius).toBeLessThanOrEqual(1 + (nodes - 1) * second ** 2 + 1e-12);
    }
  });
});

test("the ring of ten: thirds, and beta = (1 + 2 cos(2 pi / 10)) / 3", () => {
  const mixing = metropolis(topologies.create({ type: "ring" }).graph(10));
  expect([...mixingRow(mixing, 0).from]).toEqual([0, 1, 9]);
  for (const weight of mixingRow(mixing, 4).weights) expect(weight).toBeCloseTo(1 / 3, 15);
  const { second, squaredFrobenius } = mixingSpectrum(mixing);
  // The reference case's mixing matrix: second eigenvalue 0.872677996250.
  expect(Math.abs(second - 0.87267799625)).toBeLessThan(1e-12);
  expect(squaredFrobenius).toBeCloseTo(10 / 3, 12);
});

test("the complete graph mixes by J, in one round", () => {
  const mixing = metropolis(topologies.create({ type: "complete" }).graph(7));
  expect(new Set(mixing.weights)).toEqual(new Set([1 / 7]));
  expect(mixingSpectrum(mixing).second).toBeLessThan(1e-14);
});

test("repeats shrink the squared norm towards 1", () => {
  const mixing = metropolis(topologies.create({ type: "ring" }).graph(10));
  const norms = [1, 2, 4, 16].map((k) => mixingSpectrum(repeated(mixing, k)).squaredFrobenius);
  expect(norms).toEqual(norms.toSorted((a, b) => b - a));
  expect(norms[3]! - 1).toBeLessThan(0.1);
});

test("the expander's gap is near the best of its degree, the ring's is not", () => {
  const gap = (chosen: { type: string }) =>
    mixingSpectrum(metropolis(topologies.create(chosen).graph(60))).gap;
  // Alon-Boppana: the second eigenvalue of the adjacency is about 2 sqrt(d - 1) at best.
  expect(gap({ type: "expander" })).toBeGreaterThan(1 - (1 + 1.1 * 2 * Math.sqrt(3)) / 5);
  expect(gap({ type: "ring" })).toBeLessThan(0.01);
});

test("distances on the ring of ten", () => {
  const graph = topologies.create({ type: "ring" }).graph(10);
  expect([...distancesFrom(graph, 0)]).toEqual([0, 1, 2, 3, 4, 5, 4, 3, 2, 1]);
});

describe("edges from a file", () => {
  const refusal = (text: string, nodes: number) =>
    topologies.create({ type: "file", ...{ edges: parseEdges(text, "g.txt") } }).refusal(nodes);

  test("comments and separators", () => {
    expect(parseEdges("# a path\n0 1\n1,2 # on\n\n2;\t3\r\n", "g.txt")).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
  });

  test.each([
    ["0 1\n2 3", 4, "no path leads from node 0 to node 2"],
    ["0 1\n1 4", 4, "leads beyond the last node, 3"],
    ["0 1\n1 1", 2, "joins a node with itself"],
  ])("%j over %i nodes is refused", (text, nodes, reason) => {
    expect(refusal(text, nodes)).toContain(reason);
    const topology = topologies.create({ type: "file", ...{ edges: parseEdges(text, "g") } });
    expect(() => graphOver(topology, nodes)).toThrow(reason);
  });

  test.each(["0", "0 x", "0 1 2", "-1 2", "1e3 2"])("%j is no edge", (line) => {
    expect(() => parseEdges(`0 1\n${line}`, "g.txt")).toThrow("g.txt: line 2");
  });
});
