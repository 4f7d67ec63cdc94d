import * as z from "zod";
import { assert } from "../core/errors.ts";
import { type Random, randomFrom } from "../core/random.ts";
import { define } from "../core/registry.ts";
import { type Graph, graphOfEdges, type TopologyMember, unreachable } from "./graph.ts";
import { metropolis, mixingSpectrum } from "./mixing.ts";

/** Of so many draws the one that mixes fastest is taken. */
const draws = 8;
const attemptsMax = 400;

/** A random regular graph: few neighbours, and mixing nearly as fast as with that degree it can. */
export const expander = define({
  name: "expander",
  summary: "a seeded random regular graph: few neighbours each, and news travels fast",
  reference: "random regular graphs are nearly Ramanujan: Friedman, Memoirs of the AMS 195 (2008)",
  options: {
    degree: z.int().min(3).max(64).default(4).describe("neighbours of every node"),
    seed: z.int().min(0).default(1).describe("what the graph is drawn from; public"),
  },
  examples: [{}, { degree: 3, seed: 5 }],
  create: ({ degree, seed }): TopologyMember => ({
    refusal(nodes) {
      if (nodes <= degree) return `${degree} neighbours each need more than ${degree} nodes`;
      return (nodes * degree) % 2 === 0 ? null : `an odd degree needs an even number of nodes`;
    },
    graph: (nodes) => best(nodes, degree, randomFrom(seed).fork(`expander/${nodes}/${degree}`)),
  }),
});

function best(nodes: number, degree: number, random: Random): Graph {
  let bestGraph: { graph: Graph; second: number } | null = null;
  const wanted = nodes > 400 ? 1 : draws;
  for (let attempt = 0, graphs = 0; attempt < attemptsMax && graphs < wanted; attempt++) {
    const graph = drawn(nodes, degree, random.fork(`draw/${attempt}`));
    if (graph === null || unreachable(graph) !== null) continue;
    graphs++;
    const { second } = mixingSpectrum(metropolis(graph));
    if (bestGraph === null || second < bestGraph.second) bestGraph = { graph, second };
  }
  assert(bestGraph !== null, "one of hundreds of random regular graphs is connected");
  return bestGraph.graph;
}

/**
 * A random pairing of `degree` stubs a node (Steger and Wormald 1999): stubs are paired one by one,
 * only with what makes no loop and no double edge; null where the last ones cannot be.
 */
function drawn(nodes: number, degree: number, random: Random): Graph | null {
  const stubs = Array.from({ length: nodes * degree }, (_, i) => Math.floor(i / degree));
  const joined = Array.from({ length: nodes }, () => new Set<number>());
  const edges: [number, number][] = [];
  let misses = 0;
  while (stubs.length > 0 && misses < 50 * degree * degree) {
    const i = random.integer(stubs.length);
    const j = random.integer(stubs.length);
    const [a, b] = [stubs[i]!, stubs[j]!];
    if (a === b || joined[a]!.has(b)) {
      misses++;
      continue;
    }
    joined[a]!.add(b);
    joined[b]!.add(a);
    edges.push([a, b]);
    for (const at of [Math.max(i, j), Math.min(i, j)]) {
      stubs[at] = stubs.at(-1)!;
      stubs.pop();
    }
  }
  return stubs.length > 0 ? null : graphOfEdges(nodes, edges);
}
