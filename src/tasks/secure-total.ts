import { RunError } from "../core/errors.ts";
import { gridFor } from "../privacy/mechanisms/grid-noise.ts";
import { addWords, unmasked, type Words } from "../privacy/mechanisms/secure-sum.ts";
import { workerRoles } from "../store-effects.ts";
import { noisedSumKey, rawSumKey } from "../store-layout.ts";
import { type Published, publishSum } from "./published-sum.ts";
import { publishedVectorOf } from "./published-vector.ts";
import { maskedBytes, wordsOfBytes } from "./secure-terms.ts";
import type { RoundTask, TaskKind } from "./task-kind.ts";
import { invalidVector } from "./valid-reply.ts";

/** What masked sums of these slots add up to, unmasked and published. Asked of one slot. */
export interface SecureTotalTask extends RoundTask {
  readonly operation: "secure-total";
  readonly from: Uint32Array<ArrayBuffer>;
  /** What the masks of these slots add up to. */
  readonly masks: Words;
  readonly publishes: Published;
}

interface Input {
  /** What was published in this round already, by an attempt that was lost. */
  readonly published: Float64Array<ArrayBuffer> | null;
  readonly sums: readonly Words[];
}

/**
 * The aggregator of a secure sum: adds up what slots put aside and takes off the masks. It sees no
 * slot's sum, and the total under noise alone, which the slots have added.
 */
export const secureTotal: TaskKind<SecureTotalTask, null, Input> = {
  load: async () => null,
  async prepare({ store, run }, _material, { round, from, weights }) {
    const key = noisedSumKey(run, round);
    const before = await store.read(key);
    if (before !== null)
      return { published: publishedVectorOf(before, key, weights.length), sums: [] };
    const read = async (slot: number) => {
      const bytes = await store.read(rawSumKey(run, round, slot));
      if (bytes?.length === maskedBytes(weights.length)) return wordsOfBytes(bytes);
      throw new RunError("no-sum", `round ${round}: slot ${slot} has put no sum aside`, {
        hint: "resume the run: the round is asked anew",
      });
    };
    return { published: null, sums: await Promise.all([...from].map(read)) };
  },
  compute(_problem, { published, sums }, { masks, publishes }) {
    if (published !== null) return { loss: 0, values: published };
    const total = new Uint32Array(masks.length);
    for (const sum of sums) addWords(total, sum);
    const { step } = gridFor(publishes.rule.noise);
    return { loss: 0, values: unmasked(total, masks).map((steps) => steps * step) };
  },
  async publish(place, { round, from, publishes }, { values }) {
    const { store, run } = place;
    const key = noisedSumKey(run, round);
    const total = Float64Array.from(values);
    const first = await publishSum(place, "aggregator", round, key, publishes, total);
    for (const slot of from) await store.remove(rawSumKey(run, round, slot));
    return { loss: 0, values: first };
  },
  validate: ({ weights }, reply) => invalidVector(reply, weights.length),
  size: {
    requestArrays: ({ weights, from, masks }) => [
      weights.byteLength,
      from.byteLength,
      masks.byteLength,
    ],
    entries: ({ weights, from }) => from.length * weights.length,
  },
  effects: {
    roles: workerRoles,
    reads: ["encoded", "published", "ledger", "rawSums"],
    writes: ["published", "ledger"],
    removes: ["rawSums"],
  },
  cleanUp: { atStop: ["rawSums"] },
};
