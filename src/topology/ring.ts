import { define } from "../core/registry.ts";
import { graphOf, type Topology } from "./graph.ts";

/** Every node hears the one before it and the one after it. */
export const ring = define({
  name: "ring",
  summary: "a circle: every node has two neighbours, and news travels slowly",
  options: {},
  examples: [{}],
  create: (): Topology => ({
    refusal: () => null,
    graph: (nodes) =>
      graphOf(
        nodes,
        Array.from({ length: nodes }, (_, node) => [node, (node + 1) % nodes] as const),
      ),
  }),
});
