import { RunError } from "../core/errors.ts";
import { withKeyedNoise } from "../privacy/mechanisms/keyed-noise.ts";
import { workerRoles } from "../store-effects.ts";
import { noisedSumKey, rawSumKey } from "../store-layout.ts";
import { nodeSecret } from "./node-secret.ts";
import { type Published, publicationOf, publishSum } from "./published-sum.ts";
import { publishedVectorOf } from "./published-vector.ts";
import type { RoundTask, TaskKind } from "./task-kind.ts";
import { invalidVector } from "./valid-reply.ts";

/** What the sums of these slots add up to, noised and published. Asked of one slot. */
export interface NoisyAggregateTask extends RoundTask {
  readonly operation: "noised-sum";
  readonly from: Uint32Array<ArrayBuffer>;
  readonly publishes: Published;
}

interface NoisedInput {
  /** What was published in this round already, by an attempt that was lost. */
  readonly published: Float64Array<ArrayBuffer> | null;
  readonly sums: readonly Float64Array<ArrayBuffer>[];
  readonly secret: Uint8Array;
  readonly use: string;
}

/**
 * The trusted aggregator: adds up what slots put aside, in slot order, noises the total once and
 * publishes it. Only what is published leaves it; what it was made of is then removed.
 */
export const noisyAggregate: TaskKind<NoisyAggregateTask, null, NoisedInput> = {
  load: async () => null,
  async prepare(place, _material, task) {
    const { store, run } = place;
    const { round, from, publishes } = task;
    const { length } = task.weights;
    const key = noisedSumKey(run, round);
    const known = await store.read(key);
    if (known !== null)
      return {
        published: publishedVectorOf(known, key, length),
        sums: [],
        secret: new Uint8Array(0),
        use: "",
      };
    const read = async (slot: number) => {
      const sumKey = rawSumKey(run, round, slot);
      const bytes = await store.read(sumKey);
      if (bytes !== null) return publishedVectorOf(bytes, sumKey, length);
      throw new RunError("no-sum", `round ${round}: slot ${slot} has put no sum aside`, {
        hint: "resume the run: the round is asked anew",
      });
    };
    const [secret, ...sums] = await Promise.all([
      nodeSecret(store, run, "aggregator"),
      ...[...from].map(read),
    ]);
    // Whichever slot adds up: an attempt at another one repeats the noise.
    const use = publicationOf("sum", { ...place, slot: -1 }, task, {
      from: [...from],
      ...publishes.rule,
    });
    return { published: null, sums, secret, use };
  },
  compute(_problem, { published, sums, secret, use }, { publishes }) {
    if (published !== null) return { loss: 0, values: published };
    const total = new Float64Array(sums[0]!.length);
    for (const sum of sums) for (let j = 0; j < total.length; j++) total[j]! += sum[j]!;
    return { loss: 0, values: withKeyedNoise(total, publishes.rule, secret, use) };
  },
  async publish(place, { round, from, publishes }, { values }) {
    const { store, run } = place;
    const key = noisedSumKey(run, round);
    const told = await publishSum(
      place,
      "aggregator",
      round,
      key,
      publishes,
      Float64Array.from(values),
    );
    for (const slot of from) await store.remove(rawSumKey(run, round, slot));
    return { loss: 0, values: told };
  },
  validate: ({ weights }, reply) => invalidVector(reply, weights.length),
  size: {
    requestArrays: ({ weights, from }) => [weights.byteLength, from.byteLength],
    entries: ({ weights, from }) => from.length * weights.length,
  },
  effects: {
    roles: workerRoles,
    reads: ["encoded", "published", "ledger", "secrets", "rawSums"],
    writes: ["published", "ledger", "secrets"],
    removes: ["rawSums"],
  },
  cleanUp: { atStop: ["rawSums"] },
};
