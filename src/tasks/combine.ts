import { RunError } from "../core/errors.ts";
import { type DoublePart, tensorLength } from "../math/slices/gradient-part.ts";
import { PartSum } from "../math/slices/part-sum.ts";
import type { TensorSpec } from "../math/vector.ts";
import type { ObjectRef } from "../ports/object-ref.ts";
import { workerRoles } from "../store-effects.ts";
import { areFinite, payloadOfParts, readTensorParts, shorterPart } from "./sliced-reply.ts";
import type { RoundTask, TaskKind, WorkerReply } from "./task-kind.ts";
import { invalidSums, noNumbers } from "./valid-reply.ts";

/** Adds up gradients that others left in the store; the sum is left there, or replied. */
export interface CombineTask extends RoundTask {
  readonly operation: "combine";
  readonly step: number;
  readonly node: string;
  readonly replica: number;
  /** In the order in which they are added up. */
  readonly parts: readonly { readonly ref: ObjectRef; readonly weight: number }[];
  /** What every part tells of. */
  readonly tensors: readonly Pick<TensorSpec, "shape">[];
}

/**
 * Reads one gradient after another: memory holds one, or an eighth of the sum's bytes, besides
 * the sum, however many there are.
 */
export const combine: TaskKind<CombineTask, null, readonly DoublePart[]> = {
  opensProblem: true,
  load: async () => null,
  async prepare(place, _material, { parts, tensors }) {
    const sums = tensors.map((one) => new PartSum(tensorLength(one)));
    for (const { ref, weight } of parts) {
      const own = readTensorParts((await place.object(ref)) as Uint8Array, tensors);
      for (const [i, sum] of sums.entries()) sum.add(weight, own[i]!);
    }
    return sums.map((sum) => sum.take());
  },
  compute(_problem, sums, { objects }) {
    const payload = payloadOfParts(sums.map(shorterPart));
    const isKept = objects?.keep?.[sumField] !== undefined;
    return {
      // What is no number in the store is none here.
      loss: areFinite(sums) ? 0 : Number.NaN,
      values: new Float32Array(0),
      ...(isKept ? { tensors: { [sumField]: payload } } : { payload }),
    };
  },
  validate: ({ tensors }, reply) => invalidSum(reply, tensors),
  size: {
    requestArrays: ({ weights }) => [weights.byteLength],
    entries: ({ parts, tensors }) =>
      parts.length * tensors.reduce((sum, one) => sum + tensorLength(one), 0),
  },
  effects: { roles: workerRoles, reads: ["encoded", "stepObjects"] },
};

/** The reply's tensor that is a sum which stays in the store, to be added up further. */
export const sumField = "sum";

/** A sum that was left in the store is read by whoever adds it up. */
function invalidSum(reply: WorkerReply, tensors: CombineTask["tensors"]): string | null {
  const { payload } = reply;
  const invalid = invalidSums(reply, 0);
  if (invalid !== null) return invalid;
  if (payload === undefined)
    return reply.tensors?.[sumField] === undefined ? "its reply has no sum" : null;
  try {
    return areFinite(readTensorParts(payload, tensors)) ? null : noNumbers;
  } catch (thrown) {
    if (thrown instanceof RunError) return `its reply is damaged: ${thrown.message}`;
    throw thrown;
  }
}
