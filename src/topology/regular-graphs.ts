import * as z from "zod";
import { define } from "../core/registry.ts";
import { graphOfEdges, type TopologyMember } from "./graph.ts";

/** Every node hears the one before it and the one after it. */
export const ring = define({
  name: "ring",
  summary: "a circle: every node has two neighbours, and news travels slowly",
  options: {},
  examples: [{}],
  create: (): TopologyMember => ({
    refusal: () => null,
    graph: (nodes) =>
      graphOfEdges(
        nodes,
        Array.from({ length: nodes }, (_, node) => [node, (node + 1) % nodes] as const),
      ),
  }),
});

/** A grid whose opposite sides are joined; as square as the number of nodes allows. */
export const torus = define({
  name: "torus",
  summary: "a grid whose opposite sides are joined: four neighbours each",
  options: {
    height: z
      .int()
      .min(2)
      .optional()
      .describe("rows of the grid; the divisor of workers nearest to its root where absent"),
  },
  examples: [{}, { height: 2 }],
  create: ({ height }): TopologyMember => ({
    refusal(nodes) {
      const rows = height ?? squarest(nodes);
      if (rows > 1 && nodes % rows === 0) return null;
      return height === undefined
        ? "a torus needs a number of nodes that has divisors"
        : `a torus of ${height} rows needs a multiple of ${height} nodes`;
    },
    graph(nodes) {
      const rows = height ?? squarest(nodes);
      const columns = nodes / rows;
      const edges: [number, number][] = [];
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          const node = i * columns + j;
          edges.push([node, i * columns + ((j + 1) % columns)]);
          edges.push([node, ((i + 1) % rows) * columns + j]);
        }
      }
      return graphOfEdges(nodes, edges);
    },
  }),
});

/** The largest divisor up to the root; 1 for primes. */
function squarest(nodes: number): number {
  let rows = Math.floor(Math.sqrt(nodes));
  while (nodes % rows !== 0) rows--;
  return rows;
}

/** Everybody hears everybody: costs nothing where all messages can be read by all anyway. */
export const complete = define({
  name: "complete",
  summary: "everybody hears everybody: the fastest mixing there is",
  options: {},
  examples: [{}],
  create: (): TopologyMember => ({
    refusal: () => null,
    graph: (nodes) => graphOfEdges(nodes, pairs(nodes)),
  }),
});

function* pairs(nodes: number): Generator<readonly [number, number]> {
  for (let a = 0; a < nodes; a++) for (let b = a + 1; b < nodes; b++) yield [a, b];
}
