import { randomFrom } from "../../core/random.ts";
import type { Examples } from "../../math/rows.ts";
import { poissonBatch } from "../../privacy/mechanisms/poisson-batch.ts";
import { secretBits } from "../../privacy/mechanisms/secret-bits.ts";
import { clippedSums } from "../../problems/clipped.ts";
import { noisedSumKey, rawSumKey } from "../keys.ts";
import type { ClippedSumTask } from "../messages.ts";
import { noised } from "../strategies/gossip/noised.ts";
import { messageBytes, messageOf } from "./message.ts";
import { gatherRows, labelled } from "./minibatch.ts";
import { nodeSecret } from "./node-secret.ts";
import type { Operation } from "./operation.ts";
import { publishSum, useOf } from "./published-sum.ts";

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
export const clippedSum: Operation<ClippedSumTask, Examples, SumInput> = {
  load: (place) => place.shard(),
  async gather(place, examples, task) {
    const { store, run, slot } = place;
    const { round, rate, clip, publishes } = task;
    const key = slotSumKey(run, round, slot);
    const own = publishes === null ? null : await store.read(key);
    const secret = await nodeSecret(store, run, slot);
    return {
      examples,
      published: own === null ? null : messageOf(own, key),
      secret,
      batchUse: useOf("batch", place, task, { rate }),
      noiseUse: useOf("sum", place, task, { rate, clip, rule: publishes?.rule }),
    };
  },
  work(problem, { examples, published, secret, batchUse, noiseUse }, task) {
    if (published !== null) return { loss: 0, values: published };
    const { round, rate, clip, publishes } = task;
    const batch = labelled(batchOf(examples, rate, secret, batchUse));
    const weights = Float64Array.from(task.weights);
    const random = randomFrom(`round/${round}`);
    const { clipped } = clippedSums(problem, batch, weights, clip, random);
    if (publishes === null) return { loss: 0, values: clipped };
    return { loss: 0, values: noised(clipped, publishes.rule, secret, noiseUse) };
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
    await store.write(rawSumKey(run, round, slot), messageBytes(Float64Array.from(values)));
    return { loss: 0, values: new Float64Array(0) };
  },
};

/** Where a slot publishes its own sum, under noise. */
function slotSumKey(run: string, round: number, slot: number): string {
  return `${noisedSumKey(run, round)}-${slot}`;
}

function batchOf({ rows, targets }: Examples, rate: number, secret: Uint8Array, use: string) {
  if (rate === 1) return { rows, targets };
  const chosen = poissonBatch(targets.length, rate, secretBits(secret, use));
  const picked = Float32Array.from(chosen, (record) => targets[record]!);
  return { rows: gatherRows(rows, chosen), targets: picked };
}
