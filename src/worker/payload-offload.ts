import { hash } from "node:crypto";
import { bounds, putRequests } from "../limits.ts";
import type { Compute, Slotted, Usage } from "../ports/compute.ts";
import type { Store } from "../ports/store.ts";
import { type CleanUp, type Effects, workerRoles } from "../store-effects.ts";
import { carriedPrefix } from "../store-layout.ts";
import { fromPacket, toPacket } from "../wire/packet.ts";
import type { TensorArray } from "../wire/safetensors.ts";
import { readChecked } from "./objects.ts";

export const offloadEffects: readonly Effects[] = [
  { roles: workerRoles, reads: ["carried"], writes: ["carried"] },
  { roles: ["orchestrator"], reads: ["carried"], writes: ["carried"], removes: ["carried"] },
];
export const offloadCleanUp: CleanUp = { atStop: ["carried"] };

/** An array that travels as an object in the store, because an invocation could not hold it. */
interface Reference {
  readonly storedAt: string;
  readonly sha256: string;
}

interface Stored {
  readonly reference: Reference;
  readonly bytes: number;
}

/** What went through the store for one task or reply. */
interface Carried {
  readonly bytes: number;
  readonly objects: number;
}

/** Arrays of so many bytes still fit several times into a request, as base64. */
export const requestArrayBytesMax = (3 / 8) * bounds.inlineBytesMax;
/** Objects of earlier rounds that late workers may still be reading. */
const keptCount = 6;

/**
 * A compute whose tasks' large arrays go through the store: each array is written once, however
 * many tasks hold it, and references come back as arrays. Small ones travel as they are. What a
 * task took of the store counts into its usage.
 */
export function offloadingCompute<Task extends Slotted, Reply extends object>(
  inner: Compute<Task, Reply>,
  store: Store,
  run: string,
  arrayBytesMax: number = requestArrayBytesMax,
): Compute<Task, Reply> {
  const written = new WeakMap<TensorArray, Promise<Stored>>();
  const keys: string[] = [];
  const put = (array: TensorArray, count: (requests: number) => void): Promise<Stored> => {
    const known = written.get(array);
    if (known !== undefined) return known;
    const made = stored(store, run, array).then((one) => {
      keys.push(one.reference.storedAt);
      if (keys.length > keptCount) void store.remove(keys.shift()!).catch(() => undefined);
      return one;
    });
    written.set(array, made);
    made.then(
      ({ bytes }) => count(putRequests(bytes)),
      () => written.delete(array),
    );
    return made;
  };
  const send = async (task: Task) => {
    let puts = 0;
    const count = (requests: number) => {
      puts += requests;
    };
    const sent = await exchanged(task, arrayBytesMax, (array) => put(array, count));
    return { ...sent, puts };
  };
  return {
    start(task, deliver) {
      void send(task).then(
        ({ value, down, puts }) =>
          inner.start(value, (outcome, usage) => {
            if (outcome.kind === "lost")
              return deliver(outcome, withCarried(usage, down, nothing, puts));
            fetched(store, outcome.result).then(
              (result) =>
                deliver(
                  { kind: "done", result: result.value },
                  withCarried(usage, down, result.carried, puts),
                ),
              (thrown: Error) =>
                deliver(
                  { kind: "lost", reason: thrown.message },
                  withCarried(usage, down, nothing, puts),
                ),
            );
          }),
        (thrown: Error) => deliver({ kind: "lost", reason: thrown.message }, inputsUnsent),
      );
    },
    close: () => inner.close(),
  };
}

const inputsUnsent = { billedMs: 0, coldStart: false, bytesDown: 0, bytesUp: 0, costUsd: 0 };
const nothing: Carried = { bytes: 0, objects: 0 };

/**
 * A worker that ran has read what its task referred to. What it stored of a reply was read by the
 * orchestrator; `puts` are the requests for what this task was the first to need.
 */
function withCarried(usage: Usage, down: Carried, up: Carried, puts: number): Usage {
  const read = usage.billedMs > 0 ? down : nothing;
  const storeReads = read.objects + up.objects;
  const storeWrites = puts + up.objects;
  if (storeReads + storeWrites === 0) return usage;
  return {
    ...usage,
    bytesDown: usage.bytesDown + read.bytes,
    bytesUp: usage.bytesUp + up.bytes,
    storeReads,
    storeWrites,
  };
}

/** The worker's side: reads what a task refers to, and stores a reply that is too large to send. */
export function withInflatedInputs<
  Request extends { run: string; task: object },
  Reply extends object,
>(
  store: Store,
  perform: (request: Request) => Promise<Reply>,
  arrayBytesMax: number = bounds.inlineBytesMax,
): (request: Request) => Promise<object> {
  return async (request) => {
    const task = await fetched(store, request.task);
    const reply = await perform({ ...request, task: task.value });
    const sent = await exchanged(reply, arrayBytesMax, (array) =>
      stored(store, request.run, array),
    );
    return sent.value;
  };
}

async function exchanged<T extends object>(
  value: T,
  arrayBytesMax: number,
  put: (array: TensorArray) => Promise<Stored>,
): Promise<{ readonly value: T; readonly down: Carried }> {
  const large = Object.entries(value).filter(
    ([, item]) => ArrayBuffer.isView(item) && item.byteLength > arrayBytesMax,
  );
  if (large.length === 0) return { value, down: nothing };
  const all = await Promise.all(
    large.map(async ([name, array]) => ({ name, ...(await put(array as TensorArray)) })),
  );
  const references = all.map(({ name, reference }) => [name, reference] as const);
  const down = { bytes: sum(all), objects: all.length };
  return { value: { ...value, ...Object.fromEntries(references) }, down };
}

async function stored(store: Store, run: string, array: TensorArray): Promise<Stored> {
  const bytes = toPacket({ array });
  const sha256 = hash("sha256", bytes, "hex");
  const storedAt = `${carriedPrefix(run)}${sha256}.safetensors`;
  await store.write(storedAt, bytes);
  return { reference: { storedAt, sha256 }, bytes: bytes.length };
}

/** References become the arrays they stand for. Throws `RunError` where one is gone or damaged. */
async function fetched<T extends object>(
  store: Store,
  value: T,
): Promise<{ readonly value: T; readonly carried: Carried }> {
  const references = Object.entries(value).filter(([, item]) => isReference(item));
  if (references.length === 0) return { value, carried: nothing };
  const all = await Promise.all(
    references.map(async ([name, { storedAt, sha256 }]) => {
      const bytes = await readChecked(store, storedAt, sha256);
      const { array } = fromPacket<{ array: TensorArray }>(bytes, storedAt);
      return { name, array, bytes: bytes.length };
    }),
  );
  const arrays = all.map(({ name, array }) => [name, array] as const);
  const carried = { bytes: sum(all), objects: all.length };
  return { value: { ...value, ...Object.fromEntries(arrays) }, carried };
}

function sum(all: readonly { readonly bytes: number }[]): number {
  return all.reduce((total, { bytes }) => total + bytes, 0);
}

function isReference(item: unknown): item is Reference {
  const { storedAt, sha256 } = (item ?? {}) as Record<string, unknown>;
  return typeof storedAt === "string" && typeof sha256 === "string";
}
