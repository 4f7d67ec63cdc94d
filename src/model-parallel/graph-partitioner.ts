import { RunError } from "../core/errors.ts";
import { type CostModel, repeatedSlopes, type StageFigures } from "./cost-model.ts";
import { sharedModules } from "./layer-graph.ts";
import { contiguous, type Partition, type Sharing } from "./partition.ts";
import { minMaxSegments } from "./segments.ts";

/**
 * The contiguous partition of the canonical order whose heaviest stage is lightest, transfers
 * counted, none of its stages over the memory that the rule allows. Throws `RunError` where there
 * is none, with the smallest number of stages that fits.
 */
export function partitionGraph(model: CostModel, stages: number, shared: Sharing): Partition {
  const { graph } = model.index;
  const cuts = allowedCuts(model, shared);
  const most = cuts.filter(Boolean).length + 1;
  if (stages > most) throw tooMany(stages, graph.nodes.length, most);
  const table = figuresOfRuns(model);
  const ends = solve(model, table, cuts, stages);
  if (ends !== null)
    return contiguous(
      graph.nodes.map(({ id }) => id),
      ends,
    );
  throw infeasible(model, table, cuts, stages, most);
}

/** The fewest stages that respect the memory, or null where no number does. */
export function fewestStages(model: CostModel, shared: Sharing): number | null {
  const cuts = allowedCuts(model, shared);
  return fewest(model, figuresOfRuns(model), cuts, cuts.filter(Boolean).length + 1);
}

function fewest(
  model: CostModel,
  table: RunTable,
  cuts: readonly boolean[],
  most: number,
): number | null {
  for (let count = 1; count <= most; count++)
    if (solve(model, table, cuts, count) !== null) return count;
  return null;
}

function solve(
  model: CostModel,
  table: RunTable,
  cuts: readonly boolean[],
  stages: number,
): readonly number[] | null {
  const limit = model.rule.memoryBytesMax ?? Number.POSITIVE_INFINITY;
  const items = model.index.graph.nodes.length;
  return minMaxSegments({
    items,
    segments: stages,
    cost(stage, from, to) {
      if ((from > 0 && !cuts[from]) || (to < items && !cuts[to])) return Number.POSITIVE_INFINITY;
      const own = table(from, to);
      if (model.peakBytes(own, stage, stages) > limit) return Number.POSITIVE_INFINITY;
      return model.load(own, stage, stages);
    },
    cutCost: (at) => crossing(model, at),
  });
}

/** Whether a cut before each use is allowed; the first and none after the last are not cuts. */
function allowedCuts({ index: { graph } }: CostModel, shared: Sharing): readonly boolean[] {
  const cuts = graph.nodes.map((_, i) => i > 0);
  if (shared === "colocate")
    for (const uses of sharedModules(graph).values())
      for (let at = uses[0]! + 1; at <= uses.at(-1)!; at++) cuts[at] = false;
  return cuts;
}

/** Bytes of the tensors that are made before a position and read from it on. */
function crossing({ index, rule }: CostModel, at: number): number {
  let bytes = 0;
  for (const { id, producer, bytesPerExample } of index.graph.tensors)
    if (
      producer !== null &&
      index.position(producer) < at &&
      (index.readers(id).at(-1) ?? -1) >= at
    )
      bytes += bytesPerExample! * rule.examples;
  return bytes;
}

type RunTable = (from: number, to: number) => StageFigures;

/** Figures of every run of uses, each made from the one that is a use shorter. */
function figuresOfRuns(model: CostModel): RunTable {
  const rows = new Map<number, StageFigures[]>();
  return (from, to) => {
    const row = rows.get(from) ?? [...growing(model, from)];
    rows.set(from, row);
    return row[to - from - 1]!;
  };
}

function* growing({ index, trace, rule }: CostModel, from: number): Generator<StageFigures> {
  const scale = rule.examples / trace.examples;
  const bytesOf = (id: string) => index.tensor(id).bytesPerExample! * rule.examples;
  const own = {
    ...{ weightBytes: 0, packedBytes: 0, trainableBytes: 0, largestBytes: 0, importBytes: 0 },
    ...{ inputBytes: 0, exportBytes: 0, activationBytes: 0, slopeBytes: 0, workingBytes: 0 },
    ...{ forwardMs: 0, backwardMs: 0 },
  };
  const seen = new Set<string>();
  const isNew = (key: string) => !seen.has(key) && seen.add(key) !== undefined;
  for (let at = from; at < index.graph.nodes.length; at++) {
    const { id, module, inputs, outputs } = index.graph.nodes[at]!;
    const figures = trace.modules[module]!;
    if (isNew(`layer/${module}`)) {
      own.weightBytes += figures.weightBytes;
      own.packedBytes += figures.packedBytes;
      own.trainableBytes += figures.trainableBytes;
      own.largestBytes = Math.max(own.largestBytes, figures.trainableBytes);
    } else own.slopeBytes += repeatedSlopes(figures);
    for (const read of inputs) {
      if (!isNew(`tensor/${at}/${read}`)) continue;
      const { producer } = index.tensor(read);
      const isInner = producer !== null && index.position(producer) >= from;
      if (isInner && index.readers(read).at(-1) === at) own.exportBytes -= bytesOf(read);
      if (isInner || !isNew(`import/${read}`)) continue;
      own[producer === null ? "inputBytes" : "importBytes"] += bytesOf(read);
    }
    for (const made of outputs)
      if ((index.readers(made).at(-1) ?? -1) > at) own.exportBytes += bytesOf(made);
    const { forwardMs, backwardMs, ...bytes } = trace.nodes[id]!;
    own.forwardMs += forwardMs * scale;
    own.backwardMs += (backwardMs + (rule.recompute ? forwardMs : 0)) * scale;
    own.activationBytes += bytes.activationBytes * scale;
    own.slopeBytes += bytes.slopeBytes * scale;
    own.workingBytes = Math.max(own.workingBytes, bytes.workingBytes * scale);
    yield { ...own };
  }
}

export function tooMany(stages: number, layers: number, most: number): RunError {
  const shared = most < layers ? ", some of them joined by shared layers" : "";
  return new RunError(
    "too-many-stages",
    `stages: ${stages}: the model has ${layers} layers${shared}, enough for ${most}`,
    { hint: `ask for at most ${most} stages${shared === "" ? "" : ", or shared: replicate"}` },
  );
}

function infeasible(
  model: CostModel,
  table: RunTable,
  cuts: readonly boolean[],
  stages: number,
  most: number,
): RunError {
  const limit = megabytes(model.rule.memoryBytesMax!);
  const enough = fewest(model, table, cuts, most);
  if (enough !== null)
    return new RunError(
      "memory-infeasible",
      `stages: ${stages}: no partition keeps every stage within ${limit}`,
      { hint: `${enough} stages fit; or give the functions more memory` },
    );
  const { graph } = model.index;
  const sizes = graph.nodes.map((_, i) => model.peakBytes(table(i, i + 1), most - 1, most));
  const worst = sizes.reduce((best, size, i) => (size > sizes[best]! ? i : best), 0);
  return new RunError(
    "memory-infeasible",
    `"${graph.nodes[worst]!.id}" alone takes ${megabytes(sizes[worst]!)} of ${limit}: ` +
      "no number of stages fits",
    {
      hint:
        "give the functions more memory, use smaller microbatches, or let workers share the " +
        "layer (strategy.tensor)",
    },
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toPrecision(4)} MB`;
}
