import { hash } from "node:crypto";
import { RunError } from "../core/errors.ts";
import { bounds } from "../limits.ts";
import type { Compute, Slotted } from "../ports/compute.ts";
import type { Store } from "../ports/store.ts";
import { fromPacket, toPacket } from "../wire/packet.ts";
import type { TensorArray } from "../wire/safetensors.ts";
import { carriedPrefix } from "./keys.ts";

/** An array that travels as an object in the store, because an invocation could not hold it. */
interface Reference {
  readonly storedAt: string;
  readonly sha256: string;
}

/** Arrays of so many bytes still fit several times into a request, as base64. */
const requestArrayBytesMax = (3 / 8) * bounds.inlineBytesMax;
/** Objects of earlier rounds that late workers may still be reading. */
const keptCount = 6;

/**
 * A compute whose tasks' large arrays go through the store: each array is written once, however
 * many tasks hold it, and references come back as arrays. Small ones travel as they are.
 */
export function carrying<Task extends Slotted, Reply extends object>(
  inner: Compute<Task, Reply>,
  store: Store,
  run: string,
  arrayBytesMax: number = requestArrayBytesMax,
): Compute<Task, Reply> {
  const written = new WeakMap<TensorArray, Promise<Reference>>();
  const keys: string[] = [];
  const put = (array: TensorArray): Promise<Reference> => {
    const known = written.get(array);
    if (known !== undefined) return known;
    const made = stored(store, run, array).then((reference) => {
      keys.push(reference.storedAt);
      if (keys.length > keptCount) void store.remove(keys.shift()!).catch(() => undefined);
      return reference;
    });
    written.set(array, made);
    made.catch(() => written.delete(array));
    return made;
  };
  const send = async (task: Task): Promise<Task> => exchanged(task, arrayBytesMax, put);
  return {
    start(task, deliver) {
      void send(task).then(
        (sent) =>
          inner.start(sent, (outcome, usage) => {
            if (outcome.kind === "lost") return deliver(outcome, usage);
            fetched(store, outcome.result).then(
              (result) => deliver({ kind: "done", result }, usage),
              (thrown: Error) => deliver({ kind: "lost", reason: thrown.message }, usage),
            );
          }),
        (thrown: Error) => deliver({ kind: "lost", reason: thrown.message }, inputsUnsent),
      );
    },
    close: () => inner.close(),
  };
}

const inputsUnsent = { billedMs: 0, coldStart: false, bytesDown: 0, bytesUp: 0, costUsd: 0 };

/** The worker's side: reads what a task refers to, and stores a reply that is too large to send. */
export function carried<Request extends { run: string; task: object }, Reply extends object>(
  store: Store,
  perform: (request: Request) => Promise<Reply>,
  arrayBytesMax: number = bounds.inlineBytesMax,
): (request: Request) => Promise<object> {
  return async (request) => {
    const reply = await perform({ ...request, task: await fetched(store, request.task) });
    return exchanged(reply, arrayBytesMax, (array) => stored(store, request.run, array));
  };
}

async function exchanged<T extends object>(
  value: T,
  arrayBytesMax: number,
  put: (array: TensorArray) => Promise<Reference>,
): Promise<T> {
  const large = Object.entries(value).filter(
    ([, item]) => ArrayBuffer.isView(item) && item.byteLength > arrayBytesMax,
  );
  if (large.length === 0) return value;
  const references = await Promise.all(
    large.map(async ([name, array]) => [name, await put(array as TensorArray)] as const),
  );
  return { ...value, ...Object.fromEntries(references) };
}

async function stored(store: Store, run: string, array: TensorArray): Promise<Reference> {
  const bytes = toPacket({ array });
  const sha256 = hash("sha256", bytes, "hex");
  const storedAt = `${carriedPrefix(run)}${sha256}.safetensors`;
  await store.write(storedAt, bytes);
  return { storedAt, sha256 };
}

/** References become the arrays they stand for. Throws `RunError` where one is gone or damaged. */
async function fetched<T extends object>(store: Store, value: T): Promise<T> {
  const references = Object.entries(value).filter(([, item]) => isReference(item));
  if (references.length === 0) return value;
  const arrays = await Promise.all(
    references.map(async ([name, { storedAt, sha256 }]) => {
      const bytes = await store.read(storedAt);
      if (bytes === null || hash("sha256", bytes, "hex") !== sha256)
        throw new RunError("bad-object", `${storedAt} is gone or damaged`);
      return [name, fromPacket<{ array: TensorArray }>(bytes, storedAt).array] as const;
    }),
  );
  return { ...value, ...Object.fromEntries(arrays) };
}

function isReference(item: unknown): item is Reference {
  const { storedAt, sha256 } = (item ?? {}) as Record<string, unknown>;
  return typeof storedAt === "string" && typeof sha256 === "string";
}
