import { registry } from "../core/registry.ts";
import { edgeList } from "./edge-list.ts";
import { expander } from "./expander.ts";
import type { TopologyMember } from "./graph.ts";
import { complete, ring, torus } from "./regular-graphs.ts";

export const topologies = registry<TopologyMember>("graph", [
  ring,
  torus,
  complete,
  expander,
  edgeList,
]);
