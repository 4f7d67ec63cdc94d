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
