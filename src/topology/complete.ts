import { define } from "../core/registry.ts";
import { graphOf, type Topology } from "./graph.ts";

/** Everybody hears everybody: costs nothing where all messages can be read by all anyway. */
export const complete = define({
  name: "complete",
  summary: "everybody hears everybody: the fastest mixing there is",
  options: {},
  examples: [{}],
  create: (): Topology => ({ refusal: () => null, graph: (nodes) => graphOf(nodes, pairs(nodes)) }),
});

function* pairs(nodes: number): Generator<readonly [number, number]> {
  for (let a = 0; a < nodes; a++) for (let b = a + 1; b < nodes; b++) yield [a, b];
}
