import * as z from "zod";
import { regionSchema } from "../../tasks/projection-region.ts";
import { type Graph, graphOver } from "../../topology/graph.ts";
import { topologies } from "../../topology/registry.ts";
import { stepSizesSchema } from "./schedule.ts";

export const gossipOptions = {
  graph: z
    .union([z.string(), z.looseObject({ type: z.string() })])
    .default("complete")
    .describe("who hears whom: ring, torus, complete, expander or file, with their options"),
  steps: stepSizesSchema
    .default({ decaying: 1 })
    .describe(
      "steps: a number for all; { decaying: m } for 1/(m (t + 1)), m the strong convexity; or " +
        "{ first: c, ratio: q, noiseRatio: p } for c q^t, with noise that falls like p^t",
    ),
  region: regionSchema
    .default({ ball: 100 })
    .describe(
      "the public set that states are projected on: { ball: radius } about zero or " +
        "{ box: [low, high] } in every weight. Noise throws the first states far",
    ),
  repeats: z
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe("how often messages are passed on before they are used: costs no privacy"),
};

export type GossipOptions = z.output<z.ZodObject<typeof gossipOptions>>;

/** The graph of a run's nodes. Throws `RunError` where there is none. */
export function gossipGraph({ graph }: GossipOptions, nodes: number): Graph {
  const config = typeof graph === "string" ? { type: graph } : graph;
  return graphOver(topologies.create(topologies.resolve(config, "strategy.graph")), nodes);
}
