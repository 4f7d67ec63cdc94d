import { randomFrom } from "../core/random.ts";
import type { Examples } from "../math/rows.ts";
import { withKeyedNoise } from "../privacy/mechanisms/keyed-noise.ts";
import {
  allocatedBatch,
  poissonBatch,
  type SecretBits,
  secretBits,
  truncatedBatch,
} from "../privacy/mechanisms/secret-draws.ts";
import { clippedGradientParts } from "../problems/clipped-gradients.ts";
import type { Problem } from "../problems/problem.ts";
import { workerRoles } from "../store-effects.ts";
import { noisedSumKey, rawSumKey } from "../store-layout.ts";
import { gatherRows, labelled } from "./minibatch.ts";
import { nodeSecret } from "./node-secret.ts";
import { type Published, publicationOf, publishSum } from "./published-sum.ts";
import { publishedVectorOf, storedVectorBytes } from "./published-vector.ts";
import type { RoundTask, TaskKind, WorkerContext } from "./task-kind.ts";
import { invalidVector } from "./valid-reply.ts";

/**
 * The sum of the records' clipped gradients over a batch of the shard, drawn by the slot's secret.
 * It is put where the aggregator alone reads it, or noised and published by the slot itself.
 */
export interface ClippedGradientSumTask extends RoundTask {
  readonly operation: "clipped-sum";
  readonly rate: number;
  readonly clip: number;
  /** The most records of a batch; absent for no bound. */
  readonly cap?: number;
  /** The rounds in one of which, drawn at random, each record is; absent for a coin a round. */
  readonly epoch?: number;
  /** Null: the aggregator noises what all slots' sums add up to. */
  readonly publishes: Published | null;
}

interface SumInput {
  readonly examples: Examples;
  /** What the slot published in this round already, before an attempt that was lost. */
  readonly published: Float64Array<ArrayBuffer> | null;
  readonly secret: Uint8Array;
  readonly batchUse: string;
  readonly noiseUse: string;
}

/**
 * The sum of a batch's clipped gradients. Which records are in the batch is the slot's secret, the
 * same at every attempt; how many they are is nobody's to know, so the sum is divided by a public
 * number, and later. What is replied holds nothing that has no noise.
 */
export const clippedGradientSum: TaskKind<ClippedGradientSumTask, Examples, SumInput> = {
  load: (place) => place.shard(),
  async prepare(place, examples, task) {
    const { store, run, slot } = place;
    const { round, rate, clip, cap, epoch, publishes } = task;
    const key = slotSumKey(run, round, slot);
    const own = publishes === null ? null : await store.read(key);
    const secret = await nodeSecret(store, run, slot);
    return {
      examples,
      published: own === null ? null : publishedVectorOf(own, key, task.weights.length),
      secret,
      batchUse: batchUseOf(place, task),
      noiseUse: publicationOf("sum", place, task, {
        ...{ rate, cap, epoch, clip },
        rule: publishes?.rule,
      }),
    };
  },
  compute(problem, { examples, published, secret, batchUse, noiseUse }, task) {
    if (published !== null) return { loss: 0, values: published };
    const { publishes } = task;
    const clipped = clippedBatchSum(problem, examples, task, secret, batchUse);
    if (publishes === null) return { loss: 0, values: clipped };
    return { loss: 0, values: withKeyedNoise(clipped, publishes.rule, secret, noiseUse) };
  },
  async publish(place, { round, publishes }, { values }) {
    const { store, run, slot } = place;
    if (publishes !== null) {
      const key = slotSumKey(run, round, slot);
      return {
        loss: 0,
        values: await publishSum(place, slot, round, key, publishes, Float64Array.from(values)),
      };
    }
    await store.write(rawSumKey(run, round, slot), storedVectorBytes(Float64Array.from(values)));
    return { loss: 0, values: new Float64Array(0) };
  },
  // A sum without noise is put aside: its reply holds nothing.
  validate: ({ weights, publishes }, reply) =>
    invalidVector(reply, publishes === null ? 0 : weights.length),
  size: {
    requestArrays: ({ weights }) => [weights.byteLength],
    entries: ({ rate }, entriesPerSlot) => rate * entriesPerSlot,
  },
  effects: {
    roles: workerRoles,
    reads: ["encoded", "parts", "published", "ledger", "secrets"],
    writes: ["published", "ledger", "secrets", "rawSums"],
  },
  cleanUp: { atStop: ["rawSums"] },
};

/** Where a slot publishes its own sum, under noise. */
function slotSumKey(run: string, round: number, slot: number): string {
  return `${noisedSumKey(run, round)}-${slot}`;
}

/** How the records of a round's batch are drawn. */
interface BatchRule {
  readonly round: number;
  readonly rate: number;
  readonly cap?: number;
  readonly epoch?: number;
}

interface ClippedSum extends BatchRule {
  readonly weights: Float32Array;
  readonly clip: number;
}

/** Names the draw of a round's batch, or of all batches of an epoch, which hang on no weights. */
export function batchUseOf(
  place: Pick<WorkerContext, "run" | "slot" | "encoded">,
  task: ClippedSum,
): string {
  const { round, rate, cap, epoch } = task;
  if (epoch === undefined) return publicationOf("batch", place, task, { rate, cap });
  const { run, slot, encoded } = place;
  return JSON.stringify(["epoch", run, Math.floor(round / epoch), slot, encoded.digest, { epoch }]);
}

/** The sum of the clipped gradients of a batch that the slot's secret draws. */
export function clippedBatchSum(
  problem: Problem,
  examples: Examples,
  { weights, clip, ...rule }: ClippedSum,
  secret: Uint8Array,
  batchUse: string,
): Float64Array<ArrayBuffer> {
  const bits = secretBits(secret, batchUse);
  const batch = batchOf(examples, rule, bits);
  const random = randomFrom(`round/${rule.round}`);
  return clippedGradientParts(problem, batch, Float64Array.from(weights), clip, random).clipped;
}

/**
 * Each record by a coin for its place, or by the step that its place drew. Records of a class that
 * nobody stated count nothing: they also take nobody's place in a batch that is full.
 */
function batchOf(
  examples: Examples,
  { round, rate, cap, epoch }: BatchRule,
  bits: SecretBits,
): Examples {
  if (rate === 1) return labelled(examples);
  const { rows, targets } = examples;
  const drawn =
    epoch === undefined
      ? poissonBatch(targets.length, rate, bits)
      : allocatedBatch(targets.length, { epoch, step: round % epoch }, bits);
  const counted = drawn.filter((record) => !Number.isNaN(targets[record]));
  const chosen = cap === undefined ? counted : truncatedBatch(counted, cap, targets.length, bits);
  const picked = Float32Array.from(chosen, (record) => targets[record]!);
  return { rows: gatherRows(rows, chosen), targets: picked };
}
