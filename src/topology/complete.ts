import { define } from "../core/registry.ts";
import { graphOfEdges, type TopologyMember } from "./graph.ts";

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
