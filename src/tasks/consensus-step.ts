import { createHash } from "node:crypto";
import { assert, RunError } from "../core/errors.ts";
import type { Examples } from "../math/rows.ts";
import { isFiniteVector } from "../math/vector.ts";
import type { Store } from "../ports/store.ts";
import type { Unit } from "../privacy/ledger/entry.ts";
import {
  type NoiseRule,
  noiseReleaseOf,
  withKeyedNoise,
} from "../privacy/mechanisms/keyed-noise.ts";
import { workerRoles } from "../store-effects.ts";
import { ledgerPrefix, nodeMessageKey } from "../store-layout.ts";
import { mixed, nextState, type StepRule } from "./consensus-update.ts";
import { labelled } from "./minibatch.ts";
import { nodeSecret } from "./node-secret.ts";
import { publishedVectorBytes, publishedVectorOf, storedVectorBytes } from "./published-vector.ts";
import type {
  ReplyFacts,
  RoundTask,
  TaskKind,
  TaskOutput,
  WorkerContext,
  WorkerReply,
} from "./task-kind.ts";

/**
 * A node's next message: its step from the messages of the round before, noised and published. All
 * that is asked is public; where `round` is 1, `weights` are what all nodes start from.
 */
export interface ConsensusStepTask extends RoundTask {
  readonly operation: "node-round";
  /** Of every message, in numbers. */
  readonly length: number;
  /** Whose messages of the round before it mixes, itself among them, and by which weights. */
  readonly from: Uint32Array<ArrayBuffer>;
  readonly mixing: Float64Array<ArrayBuffer>;
  readonly rule: StepRule;
  readonly noise: NoiseRule;
  readonly unit: Unit;
  readonly budget: { readonly epsilon: number; readonly delta: number };
  /** Who can read the message, in words. */
  readonly observers: string;
}

interface NodeInput {
  readonly examples: Examples;
  /** What the node published in this round already, before an attempt that was lost. */
  readonly published: Float64Array<ArrayBuffer> | null;
  /** Of the round before; empty in the first. */
  readonly messages: readonly Float64Array<ArrayBuffer>[];
  readonly secret: Uint8Array;
  /** Names the data and everything else that the noise is to hide. */
  readonly use: string;
}

/**
 * A node's round: reads the messages that it mixes, steps along its own rows' clipped gradients,
 * and publishes its state under noise. Nothing else of what it computes leaves it: not its state,
 * nor its loss, and no number of it in a reason for failure.
 */
export const consensusStep: TaskKind<ConsensusStepTask, Examples, NodeInput> = {
  load: (place) => place.shard(),
  async prepare(place, examples, task) {
    const { store, run, slot } = place;
    const { round, from } = task;
    const own = await store.read(nodeMessageKey(run, round, slot));
    if (own !== null) {
      const key = nodeMessageKey(run, round, slot);
      const published = publishedVectorOf(own, key, task.length);
      return { examples, published, messages: [], secret: new Uint8Array(0), use: "" };
    }
    const senders = round === 1 ? [] : [...from];
    const [secret, ...messages] = await Promise.all([
      nodeSecret(store, run, slot),
      ...senders.map((node) =>
        readMessage(store, nodeMessageKey(run, round - 1, node), task.length),
      ),
    ]);
    return { examples, published: null, messages, secret, use: useOf(place, task, messages) };
  },
  compute(problem, { examples, published, messages, secret, use }, task) {
    if (published !== null) return { loss: 0, values: published };
    const z = task.round === 1 ? Float64Array.from(task.weights) : mixed(task.mixing, messages);
    const x = nextState(problem, labelled(examples), z, task.rule);
    return { loss: 0, values: withKeyedNoise(x, task.noise, secret, use) };
  },
  async publish(place, task, { values }): Promise<TaskOutput> {
    const { store, run, slot } = place;
    const { round, noise, unit, budget, observers } = task;
    // Loaded only where something is published, so that other workers start sooner.
    const { openLedger, publishOnce } = await import("../privacy/ledger/ledger.ts");
    const { messageEpsilon } = await import("../privacy/accountants/additive.ts");
    // Entries never change: a warm node reads only those that are new to it.
    const ledger = await place.cached(`ledger/${run}/${JSON.stringify(budget)}`, async () =>
      openLedger(store, ledgerPrefix(run, slot), { ...budget, account: messageEpsilon }),
    );
    const key = nodeMessageKey(run, round, slot);
    const release = noiseReleaseOf(noise, values.length);
    const entry = { id: `round/${round}/node/${slot}`, release, unit, observers, key };
    const bytes = await publishOnce(
      store,
      ledger,
      entry,
      storedVectorBytes(Float64Array.from(values)),
    );
    return { loss: 0, values: publishedVectorOf(bytes, key, values.length) };
  },
  validate: (_task, reply, facts) => invalidMessage(reply, facts),
  size: {
    requestArrays: ({ weights, from, mixing }) => [
      weights.byteLength,
      from.byteLength,
      mixing.byteLength,
    ],
  },
  effects: {
    roles: workerRoles,
    reads: ["encoded", "parts", "published", "ledger", "secrets"],
    writes: ["published", "ledger", "secrets"],
  },
};

/** Why a message is as good as lost: the wrong length, or numbers that are none. */
function invalidMessage({ values }: WorkerReply, { weightsLength }: ReplyFacts): string | null {
  assert(weightsLength !== undefined, "messages are as long as the weights");
  if (values.length !== weightsLength)
    return `its message has ${values.length} numbers, not ${weightsLength}`;
  return isFiniteVector(values) ? null : "its message holds numbers that are none";
}

async function readMessage(store: Store, key: string, length: number) {
  const bytes = await store.read(key);
  if (bytes !== null) return publishedVectorOf(bytes, key, length);
  throw new RunError("no-message", `${key}: its node has published nothing there`, {
    hint: "messages of a run are kept until it is over; start it anew",
  });
}

/** Noise under one name hides one state: whatever the state depends on is part of the name. */
function useOf(
  { run, slot, encoded }: WorkerContext,
  { round, from, mixing, rule, noise, weights }: ConsensusStepTask,
  messages: readonly Float64Array<ArrayBuffer>[],
): string {
  const heard = createHash("sha256");
  heard.update(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  for (const message of messages) heard.update(publishedVectorBytes(message));
  const mixes = [...from].map((node, i) => [node, mixing[i]]);
  const { digest } = encoded;
  return JSON.stringify([1, run, round, slot, digest, rule, noise, mixes, heard.digest("hex")]);
}
