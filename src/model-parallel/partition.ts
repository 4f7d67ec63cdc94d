import { RunError } from "../core/errors.ts";
import type { CostModel, StageFigures } from "./cost-model.ts";
import { type IndexedGraph, sharedModules } from "./layer-graph.ts";

/** How a model is divided: stages in an order in which each reads only from earlier ones. */
export interface Partition {
  readonly stages: readonly Stage[];
}

export interface Stage {
  /** Where it runs; a worker may have several stages, and then is visited again. */
  readonly worker: number;
  /** Ids of uses, in the canonical order. */
  readonly nodes: readonly string[];
}

/** Whether all uses of a layer stand on one stage, or each stage that uses it has a copy. */
export type Sharing = "colocate" | "replicate";

/** The stages that a line of uses is cut into; a worker for each. */
export function contiguous(nodes: readonly string[], ends: readonly number[]): Partition {
  const stages = ends.map((end, worker) => ({
    worker,
    nodes: nodes.slice(worker === 0 ? 0 : ends[worker - 1]!, end),
  }));
  return { stages };
}

/**
 * Throws `RunError` unless every use is on exactly one stage, none is empty, each reads from its
 * own stage and earlier ones only, and, colocated, all uses of a layer are on one worker.
 */
export function checkPartition(index: IndexedGraph, partition: Partition, shared: Sharing): void {
  const stageOf = new Map<string, number>();
  for (const [stage, { nodes }] of partition.stages.entries()) {
    if (nodes.length === 0) throw refused(`stage ${stage} has no layers`, "use fewer stages");
    for (const id of nodes) {
      index.node(id);
      if (stageOf.has(id))
        throw refused(`"${id}" is on the stages ${stageOf.get(id)} and ${stage}`, "name it once");
      stageOf.set(id, stage);
    }
  }
  const missing = index.graph.nodes.filter(({ id }) => !stageOf.has(id)).map(({ id }) => id);
  if (missing.length > 0)
    throw refused(
      `${named(missing)} of ${index.graph.nodes.length} layers on no stage`,
      "every layer must be on exactly one",
    );
  for (const { id, inputs } of index.graph.nodes)
    for (const read of inputs) {
      const { producer } = index.tensor(read);
      if (producer === null || stageOf.get(producer)! <= stageOf.get(id)!) continue;
      throw refused(
        `"${id}" on stage ${stageOf.get(id)} reads "${producer}" ` +
          `of the later stage ${stageOf.get(producer)}`,
        "move one of the two",
      );
    }
  if (shared === "colocate") checkColocated(index, partition, stageOf);
}

function checkColocated(
  { graph }: IndexedGraph,
  { stages }: Partition,
  stageOf: ReadonlyMap<string, number>,
): void {
  for (const [name, uses] of sharedModules(graph)) {
    const workers = new Set(uses.map((at) => stages[stageOf.get(graph.nodes[at]!.id)!]!.worker));
    if (workers.size > 1)
      throw refused(
        `"${name}" is used on the workers ${[...workers].join(" and ")}: ` +
          "a cut through a shared layer",
        "put its uses together, or let each stage have a copy (shared: replicate)",
      );
  }
}

function named(ids: readonly string[]): string {
  const some = ids.slice(0, 3).map((id) => `"${id}"`);
  const more = ids.length > some.length ? [`${ids.length - some.length} more`] : [];
  const all = [...some, ...more];
  return all.length === 1 ? all[0]! : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

export function refused(what: string, hint: string): RunError {
  return new RunError("bad-partition", `the partition: ${what}`, { hint });
}

/** One line of the table of stages. */
export interface StageRow extends StageFigures {
  readonly worker: number;
  readonly layers: readonly string[];
  readonly busyMs: number;
  readonly peakBytes: number;
}

export interface StageTable {
  readonly rows: readonly StageRow[];
  /** The stages that decide: never an average. */
  readonly slowest: number;
  readonly largest: number;
}

/** What each stage costs, and which is the heaviest. */
export function stageTable(model: CostModel, partition: Partition): StageTable {
  const count = partition.stages.length;
  const rows = partition.stages.map(({ worker, nodes }, stage): StageRow => {
    const own = model.figures(nodes.map(model.index.position).sort((a, b) => a - b));
    const peakBytes = model.peakBytes(own, stage, count);
    return { ...own, worker, layers: nodes, busyMs: model.busyMs(own), peakBytes };
  });
  const heaviest = (of: (row: StageRow) => number) =>
    rows.reduce((best, row, i) => (of(row) > of(rows[best]!) ? i : best), 0);
  return {
    rows,
    slowest: heaviest(({ busyMs }) => busyMs),
    largest: heaviest(({ peakBytes }) => peakBytes),
  };
}

/** Throws `RunError` where a stage takes more memory than there is: not every cut is bounded. */
export function refuseLarge({ rule }: CostModel, { rows, largest }: StageTable): void {
  const { peakBytes } = rows[largest]!;
  if (rule.memoryBytesMax === null || peakBytes <= rule.memoryBytesMax) return;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toPrecision(4)} MB`;
  throw new RunError(
    "memory-infeasible",
    `stage ${largest} takes ${megabytes(peakBytes)} of ${megabytes(rule.memoryBytesMax)}`,
    { hint: "use placement: auto with partitioner: graph, more stages, or more memory" },
  );
}
