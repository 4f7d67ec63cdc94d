import { registry } from "../core/registry.ts";
import { complete } from "./complete.ts";
import { edgeList } from "./edge-list.ts";
import { expander } from "./expander.ts";
import type { TopologyMember } from "./graph.ts";
import { ring } from "./ring.ts";
import { torus } from "./torus.ts";

export const topologies = registry<TopologyMember>("graph", [
  ring,
  torus,
  complete,
  expander,
  edgeList,
]);
