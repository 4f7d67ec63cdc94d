import type { Examples } from "../math/rows.ts";
import type { WeightShape } from "../problems/penalty.ts";
import { workerRoles } from "../store-effects.ts";
import { takeLocalSteps } from "./local-steps.ts";
import { nodeSecret } from "./node-secret.ts";
import { publicationOf } from "./published-sum.ts";
import { bytesOfWords, invalidMasked, maskedFor, type SecureTask } from "./secure-terms.ts";
import type { TaskKind } from "./task-kind.ts";

/** Local steps whose way is told under masks: only the sum of all slots' ways can be read. */
export interface SecureLocalStepsTask extends SecureTask {
  readonly operation: "secure-local-steps";
  /** Of every step. */
  readonly rates: Float64Array<ArrayBuffer>;
  /** Rows of a minibatch; 0 for all. */
  readonly batch: number;
  readonly shape: WeightShape;
  readonly seed: number;
  /** What the slot counts in the sum: its part of all stored rows. */
  readonly part: number;
}

interface Input {
  readonly examples: Examples;
  readonly run: string;
  readonly secret: Uint8Array;
  /** Names all that the way hangs on. */
  readonly use: string;
}

/** Of a number in the sum: each slot's is off by half of it at most. */
export const fixedPointStep = 2 ** -40;

/** The change, times the slot's part, and after it the loss, times the same. */
export const secureLocalSteps: TaskKind<SecureLocalStepsTask, Examples, Input> = {
  load: (place) => place.shard(),
  async prepare(place, examples, task) {
    const { store, run, slot } = place;
    const { rates, batch, shape, seed, part, parties, committee } = task;
    const rest = { rates: [...rates], batch, shape, seed, part, parties, committee };
    const use = publicationOf("mask", place, task, rest);
    return { examples, run, secret: await nodeSecret(store, run, slot), use };
  },
  compute(problem, { examples, run, ...mask }, task) {
    const plain = { ...task, momentum: 0 };
    const { loss, change } = takeLocalSteps(problem, examples, null, plain);
    const numbers = Float64Array.from([...change, loss], (value) =>
      Math.round((task.part * value) / fixedPointStep),
    );
    const { words, shares } = maskedFor(task, run, mask, numbers);
    const payload = new Uint8Array(Buffer.concat([bytesOfWords(words), shares]));
    return { loss: 0, values: new Float32Array(0), payload };
  },
  validate: (task, reply) => invalidMasked(task, reply, task.weights.length + 1),
  size: {
    requestArrays: ({ weights, rates, committeeKeys }) => [
      weights.byteLength,
      rates.byteLength,
      committeeKeys.byteLength,
    ],
    entries: ({ rates, batch, shape }, entriesPerSlot) =>
      rates.length * (batch === 0 ? entriesPerSlot : batch * (shape.columns + 1)),
  },
  effects: { roles: workerRoles, reads: ["encoded", "parts", "secrets"], writes: ["secrets"] },
};
