import { RunError } from "../core/errors.ts";

/** Who exchanges messages with whom: undirected, without loops. */
export interface Graph {
  readonly nodes: number;
  /** Of every node, ascending; never itself. */
  readonly neighbours: readonly (readonly number[])[];
}

/**
 * A family of graphs over any number of nodes. Laws (tested over the registry): every graph is
 * connected and symmetric; the same number of nodes gives the same graph.
 */
export interface TopologyMember {
  /** Why there is no such graph over so many nodes; null where there is one. */
  refusal(nodes: number): string | null;
  graph(nodes: number): Graph;
}

/** More would make dense mixing matrices of a size that nobody waits for. */
export const nodesMax = 2_000;

/** The graph of these edges; an edge may stand there twice, and in either direction. */
export function graphOfEdges(nodes: number, edges: Iterable<readonly [number, number]>): Graph {
  const sets = Array.from({ length: nodes }, () => new Set<number>());
  for (const [a, b] of edges) {
    if (a === b) continue;
    sets[a]!.add(b);
    sets[b]!.add(a);
  }
  return { nodes, neighbours: sets.map((set) => [...set].sort((a, b) => a - b)) };
}

/** A node that no path leads to from node 0; null where the graph is connected. */
export function unreachable({ nodes, neighbours }: Graph): number | null {
  const seen = new Uint8Array(nodes);
  const open = [0];
  seen[0] = 1;
  while (open.length > 0) {
    for (const next of neighbours[open.pop()!]!) {
      if (seen[next] === 1) continue;
      seen[next] = 1;
      open.push(next);
    }
  }
  const at = seen.indexOf(0);
  return at < 0 ? null : at;
}

/** Edges along the fewest of which a message travels from one node to each of the others. */
export function distancesFrom({ nodes, neighbours }: Graph, from: number): Int32Array {
  const distances = new Int32Array(nodes).fill(-1);
  distances[from] = 0;
  let ring = [from];
  for (let distance = 1; ring.length > 0; distance++) {
    const next: number[] = [];
    for (const node of ring) {
      for (const one of neighbours[node]!) {
        if (distances[one]! >= 0) continue;
        distances[one] = distance;
        next.push(one);
      }
    }
    ring = next;
  }
  return distances;
}

/** Throws `RunError` where a topology has no graph over so many nodes. */
export function graphOver(topology: TopologyMember, nodes: number): Graph {
  const reason = nodes > nodesMax ? `at most ${nodesMax} nodes, not ${nodes}` : null;
  const refusal = reason ?? topology.refusal(nodes);
  if (refusal === null) return topology.graph(nodes);
  throw new RunError("bad-graph", `workers: ${nodes}: ${refusal}`, {
    hint: "change workers or the graph",
  });
}
