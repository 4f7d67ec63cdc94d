import * as z from "zod";
import { RunError } from "../core/errors.ts";
import { define } from "../core/registry.ts";
import { graphOfEdges, nodesMax, type TopologyMember, unreachable } from "./graph.ts";

const edgesMax = 200_000;
const textBytesMax = 4 * 1024 * 1024;

/** A graph given edge by edge. */
export const edgeList = define({
  name: "file",
  summary: "edges from a file: two numbers of nodes a line",
  options: {
    path: z
      .string()
      .min(1)
      .optional()
      .describe("the file, from the spec's folder; its edges take its place when it is read"),
    edges: z
      .array(z.tuple([z.int().min(0).max(nodesMax), z.int().min(0).max(nodesMax)]))
      .max(edgesMax)
      .optional()
      .describe("the edges themselves instead"),
  },
  examples: [{ edges: ladder() }],
  create: ({ path, edges }): TopologyMember => {
    const refusal = (nodes: number): string | null => {
      if (edges === undefined) {
        return `graph.path: ${path ?? "none"}: files are read for spec files only: give edges`;
      }
      for (const [a, b] of edges) {
        if (a === b) return `graph: the edge ${a} ${b} joins a node with itself`;
        if (a >= nodes || b >= nodes)
          return `graph: the edge ${a} ${b} leads beyond the last node, ${nodes - 1}`;
      }
      const lost = unreachable(graphOfEdges(nodes, edges));
      return lost === null ? null : `graph: no path leads from node 0 to node ${lost}`;
    };
    return { refusal, graph: (nodes) => graphOfEdges(nodes, edges ?? []) };
  },
});

/** The edges in a text: two numbers a line, `#` begins a comment. Throws `RunError`. */
export function parseEdges(text: string, place: string): [number, number][] {
  const refuse = (what: string): never => {
    throw new RunError("bad-graph", `${place}: ${what}`, {
      hint: "write two numbers of nodes a line, from 0, like  0 1",
    });
  };
  if (text.length > textBytesMax) refuse(`longer than ${textBytesMax} bytes`);
  const edges: [number, number][] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const bare = line.replace(/#.*/, "").trim();
    if (bare === "") continue;
    const match = /^(\d{1,6})[\s,;]+(\d{1,6})$/.exec(bare);
    if (match === null) return refuse(`line ${index + 1}: ${JSON.stringify(bare.slice(0, 40))}`);
    edges.push([Number(match[1]), Number(match[2])]);
    if (edges.length > edgesMax) refuse(`more than ${edgesMax} edges`);
  }
  return edges;
}

/** Two rails and rungs between them, over 12 nodes. */
function ladder(): [number, number][] {
  return Array.from({ length: 12 }, (_, i): [number, number][] =>
    i % 2 === 0
      ? [
          [i, i + 1],
          [i, (i + 2) % 12],
        ]
      : [[i, (i + 2) % 12]],
  ).flat();
}
