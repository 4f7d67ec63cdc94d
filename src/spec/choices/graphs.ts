// Made by `npm run docs` from the registries: edit those, not this file.

/** A circle: every node has two neighbours, and news travels slowly. */
interface RingGraph {
  readonly type: "ring";
}

/** A grid whose opposite sides are joined: four neighbours each. */
interface TorusGraph {
  readonly type: "torus";
  /** Rows of the grid; the divisor of workers nearest to its root where absent. At least 2. */
  readonly height?: number | undefined;
}

/** Everybody hears everybody: the fastest mixing there is. */
interface CompleteGraph {
  readonly type: "complete";
}

/** A seeded random regular graph: few neighbours each, and news travels fast. */
interface ExpanderGraph {
  readonly type: "expander";
  /** Neighbours of every node. At least 3, at most 64. Default: 4. */
  readonly degree?: number | undefined;
  /** What the graph is drawn from; public. At least 0. Default: 1. */
  readonly seed?: number | undefined;
}

/** Edges from a file: two numbers of nodes a line. */
interface FileGraph {
  readonly type: "file";
  /** The file, from the spec's folder; its edges take its place when it is read. */
  readonly path?: string | undefined;
  /** The edges themselves instead. */
  readonly edges?: readonly (readonly [number, number])[] | undefined;
}

/** Who hears whom in consensus. */
export type GraphChoice =
  | "ring"
  | "torus"
  | "complete"
  | "expander"
  | "file"
  | RingGraph
  | TorusGraph
  | CompleteGraph
  | ExpanderGraph
  | FileGraph;
