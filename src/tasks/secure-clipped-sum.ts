import type { Examples } from "../math/rows.ts";
import { type NoiseRule, stepsWithNoiseShare } from "../privacy/mechanisms/keyed-noise.ts";
import type { Words } from "../privacy/mechanisms/secure-sum.ts";
import { workerRoles } from "../store-effects.ts";
import { rawSumKey } from "../store-layout.ts";
import { batchUseOf, clippedBatchSum } from "./clipped-gradient-sum.ts";
import { nodeSecret } from "./node-secret.ts";
import { publicationOf } from "./published-sum.ts";
import { bytesOfWords, invalidMasked, maskedFor, type SecureTask } from "./secure-terms.ts";
import type { TaskKind, TaskOutput } from "./task-kind.ts";

/** The sum of a batch's clipped gradients with a share of the noise, under masks. */
export interface SecureClippedSumTask extends SecureTask {
  readonly operation: "secure-clipped-sum";
  readonly rate: number;
  readonly clip: number;
  /** The most records of a batch; absent for no bound. */
  readonly cap?: number;
  /** The rounds in one of which, drawn at random, each record is; absent for a coin a round. */
  readonly epoch?: number;
  /** What the total is to be noised by, and so many slots' shares of it suffice for that. */
  readonly rule: NoiseRule;
  readonly shares: number;
}

interface Input {
  readonly examples: Examples;
  readonly run: string;
  readonly secret: Uint8Array;
  /** Each names everything that it hides, and what it is for. */
  readonly batchUse: string;
  readonly noiseUse: string;
  readonly maskUse: string;
}

interface Made extends TaskOutput {
  readonly words: Words;
}

/**
 * Batch, noise and masks are the slot's secret, the same at every attempt. What is put aside for
 * the aggregator says nothing by itself; replied are shares of the masks, sealed for the committee.
 */
export const secureClippedSum: TaskKind<SecureClippedSumTask, Examples, Input, Made> = {
  load: (place) => place.shard(),
  async prepare(place, examples, task) {
    const { store, run, slot } = place;
    const { rate, cap, epoch, clip, rule, shares, parties, committee } = task;
    const rest = { rate, cap, epoch, clip, rule, shares, parties, committee };
    return {
      examples,
      run,
      secret: await nodeSecret(store, run, slot),
      batchUse: batchUseOf(place, task),
      noiseUse: publicationOf("sum", place, task, rest),
      maskUse: publicationOf("mask", place, task, rest),
    };
  },
  compute(problem, { examples, run, secret, batchUse, noiseUse, maskUse }, task) {
    const clipped = clippedBatchSum(problem, examples, task, secret, batchUse);
    const steps = stepsWithNoiseShare(clipped, task.rule, task.shares, secret, noiseUse);
    const { words, shares } = maskedFor(task, run, { secret, use: maskUse }, steps);
    return { loss: 0, values: new Float64Array(0), payload: shares, words };
  },
  async publish({ store, run, slot }, { round }, { words, ...reply }) {
    await store.write(rawSumKey(run, round, slot), bytesOfWords(words));
    return reply;
  },
  validate: (task, reply) => invalidMasked(task, reply, 0),
  size: {
    requestArrays: ({ weights, committeeKeys }) => [weights.byteLength, committeeKeys.byteLength],
    entries: ({ rate }, entriesPerSlot) => rate * entriesPerSlot,
  },
  effects: {
    roles: workerRoles,
    reads: ["encoded", "parts", "secrets"],
    writes: ["secrets", "rawSums"],
  },
  cleanUp: { atStop: ["rawSums"] },
};
