import * as z from "zod";
import { define } from "../core/registry.ts";
import { graphOfEdges, type TopologyMember } from "./graph.ts";

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
