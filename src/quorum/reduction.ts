import { computeUsd, functions, gbSeconds, prices } from "../limits.ts";
import type { GraphNode } from "./graph-nodes.ts";
import type { WaitRule } from "./wait-policies/policy.ts";

/**
 * How the gradients of workers become one. `star`: one function adds them up. `tree`: functions add
 * up `fanIn` each, and their sums again. `scatter`: each of `shards` functions adds up its part of
 * the weights. All through the store, in the order of slots.
 */
export const reductionTypes = ["star", "tree", "scatter"] as const;

export type ReductionType = (typeof reductionTypes)[number];

export interface Reduction {
  readonly type: ReductionType;
  /** Of `scatter`; 1 for the others. */
  readonly shards: number;
  /** Of `tree`. */
  readonly fanIn: number;
}

/** What a node that adds up takes: replies of workers, or the sums of other nodes. */
export type CombineInputs =
  | { readonly kind: "replies"; readonly shard: number; readonly from: number; readonly to: number }
  | { readonly kind: "sums"; readonly nodes: readonly string[] };

export interface ReductionGraph {
  readonly nodes: readonly GraphNode[];
  inputsOf(node: string): CombineInputs;
  /** The last sums, one a shard. */
  readonly roots: readonly string[];
}

/** The node whose replicas are the workers. */
export const gradientNode = "gradients";

/**
 * A reduction as nodes of a step's graph: gradients at the workers' slots, waited for by the rule,
 * and sums in slots of their own, so that no straggler holds them up.
 */
export function reductionGraph(
  { type, shards, fanIn }: Reduction,
  workers: number,
  rule?: WaitRule,
): ReductionGraph {
  const slots = Array.from({ length: workers }, (_, slot) => slot);
  const nodes: GraphNode[] = [{ key: gradientNode, slots, after: [], ...(rule && { rule }) }];
  const inputs = new Map<string, CombineInputs>();
  const add = (key: string, after: readonly string[], of: CombineInputs) => {
    nodes.push({ key, slots: [workers + inputs.size], after });
    inputs.set(key, of);
    return key;
  };
  let roots = Array.from({ length: type === "tree" ? 0 : shards }, (_, shard) =>
    add(`sum-${shard}`, [gradientNode], { kind: "replies", shard, from: 0, to: workers }),
  );
  if (type === "tree") {
    const groups = (count: number) => [...Array(Math.ceil(count / fanIn)).keys()];
    let level = groups(workers).map((i) => {
      const [from, to] = [i * fanIn, Math.min(workers, (i + 1) * fanIn)];
      return add(`sum-0-${i}`, [gradientNode], { kind: "replies", shard: 0, from, to });
    });
    for (let height = 1; level.length > 1; height++)
      level = groups(level.length).map((i) => {
        const below = level.slice(i * fanIn, (i + 1) * fanIn);
        return add(`sum-${height}-${i}`, below, { kind: "sums", nodes: below });
      });
    roots = level;
  }
  return { nodes, roots, inputsOf: (node) => inputs.get(node)! };
}

/** What one reduction does to the store, and takes. */
export interface ReductionLedger {
  readonly puts: number;
  readonly gets: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly seconds: number;
  readonly dollars: number;
  /** Invocations of functions that add up. */
  readonly functions: number;
  /** Of the function that holds most, at its peak. */
  readonly memoryBytes: number;
}

/** How fast a function reaches the store, and what requests to it and its own time cost. */
export interface StorePace {
  readonly latencyS: number;
  readonly bytesPerSecond: number;
  readonly usdPerPut: number;
  readonly usdPerGet: number;
  readonly usdPerSecond: number;
}

/** Assumed of S3 from a function of 1,769 MB: 50 ms a request, 75 MB/s. Prices are AWS's. */
export const usualStorePace: StorePace = {
  latencyS: 0.05,
  bytesPerSecond: 75e6,
  usdPerPut: prices.s3.usdPerPut,
  usdPerGet: prices.s3.usdPerGet,
  usdPerSecond: computeUsd(
    gbSeconds(1_000, functions.worker.memoryMb),
    functions.worker.architecture,
  ),
};

export interface ReductionSize {
  readonly workers: number;
  /** Of one gradient. */
  readonly bytes: number;
  /** How many read the sums from the store; 0 where the last functions reply them. */
  readonly readers: number;
}

/**
 * The ledger of a reduction: every worker puts its gradient, and the last sums are replied, or put
 * and read by so many. Seconds are those of the longest way, dollars of all requests and of the
 * time in which functions read and write.
 */
export function reductionLedger(
  { type, shards, fanIn }: Reduction,
  { workers, bytes, readers }: ReductionSize,
  pace: StorePace = usualStorePace,
): ReductionLedger {
  const seconds = (count: number, size: number) =>
    count * (pace.latencyS + size / pace.bytesPerSecond);
  const isTree = type === "tree";
  const parts = type === "scatter" ? shards : 1;
  const part = bytes / parts;
  const levels = isTree ? treeLevels(workers, fanIn) : [parts];
  const sums = levels.reduce((total, one) => total + one, 0);
  const combined = isTree ? workers + sums - 1 : parts * workers;
  const puts = workers * parts + sums - (readers === 0 ? parts : 0);
  const gets = combined + readers * parts;
  const taken = isTree ? Math.min(fanIn, workers) : workers;
  const ends = 2 * seconds(parts, part);
  const busy = seconds(workers * parts + combined + sums, part);
  return {
    puts,
    gets,
    bytesUp: workers * bytes + sums * part,
    bytesDown: combined * part + readers * bytes,
    seconds: ends + levels.length * seconds(taken + 1, part),
    dollars:
      puts * pace.usdPerPut +
      gets * pace.usdPerGet +
      busy * pace.usdPerSecond +
      sums * prices.usdPerRequest,
    functions: sums,
    memoryBytes: peakCopies * part,
  };
}

/**
 * Copies of a gradient in single precision that a function holds: the sum in doubles counts two,
 * then what is read, its numbers, and those of the one before. The bench of slices measures it.
 */
const peakCopies = 5;

/** What may be chosen among. */
export interface ReductionChoice {
  readonly type: ReductionType | "auto";
  readonly shards: number;
  readonly fanIn: number;
}

export interface ReductionBounds {
  /** Of a function, besides what it holds without a gradient; none where absent. */
  readonly memoryBytesMax?: number;
  /** What is to be least. */
  readonly goal?: "seconds" | "dollars";
}

/** A shape and what it takes. */
export interface ReductionForecast extends ReductionLedger {
  readonly reduction: Reduction;
  readonly fits: boolean;
  readonly isChosen: boolean;
}

/**
 * All shapes for so many workers and gradients of so many bytes; chosen is the one that the spec
 * asks for, or for `auto` the one whose longest way takes least, or that costs least, of those
 * that fit a function.
 */
export function reductionForecasts(
  { type, shards, fanIn }: ReductionChoice,
  { workers, bytes }: Pick<ReductionSize, "workers" | "bytes">,
  { memoryBytesMax = Number.POSITIVE_INFINITY, goal = "seconds" }: ReductionBounds = {},
): readonly ReductionForecast[] {
  const all = reductionTypes.map((one) => {
    const own = one === "scatter" ? Math.min(shards, workers) : 1;
    const reduction: Reduction = { type: one, shards: own, fanIn };
    const ledger = reductionLedger(reduction, { workers, bytes, readers: 1 });
    return { reduction, ...ledger, fits: ledger.memoryBytes <= memoryBytesMax };
  });
  const fitting = all.filter(({ fits }) => fits);
  // Where nothing fits, the one that needs least.
  const key = fitting.length === 0 ? "memoryBytes" : goal;
  const least = (fitting.length === 0 ? all : fitting).reduce((best, one) =>
    one[key] < best[key] ? one : best,
  );
  const chosen = all.find(({ reduction }) => reduction.type === type) ?? least;
  return all.map((one) => ({ ...one, isChosen: one === chosen }));
}

/** How many functions add up at each level of a tree, down to one. */
function treeLevels(workers: number, fanIn: number): number[] {
  const levels: number[] = [];
  for (let count = workers; count > 1 || levels.length === 0; levels.push(count))
    count = Math.ceil(count / fanIn);
  return levels;
}
