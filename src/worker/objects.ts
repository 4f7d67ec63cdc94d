import { hash } from "node:crypto";
import { RunError } from "../core/errors.ts";
import { putRequests } from "../limits.ts";
import type { Compute, Outcome, Receiver, Slotted, Usage } from "../ports/compute.ts";
import { type KeptObject, type ObjectRef, objectBytes } from "../ports/object-ref.ts";
import type { Store } from "../ports/store.ts";
import { remedyFor } from "../store-damage.ts";
import { type CleanUp, type Effects, workerRoles } from "../store-effects.ts";
import { modelPartKey, stepObjectKey, stepObjectsPrefix } from "../store-layout.ts";
import { fewAtOnce } from "../tasks/stages/garbage.ts";
import { dtypeName } from "../wire/packet.ts";
import { fromSafetensors, type TensorArray, toSafetensors } from "../wire/safetensors.ts";

const objects = ["stepObjects", "modelParts"] as const;
export const objectEffects: readonly Effects[] = [
  { roles: workerRoles, reads: objects, writes: objects },
  { roles: ["orchestrator"], reads: objects, removes: ["stepObjects"] },
];
export const objectCleanUp: CleanUp = { atStop: ["stepObjects"] };

/** The object's bytes. Throws `RunError` where it is gone or its content is another. */
export async function readChecked(store: Store, key: string, sha256: string): Promise<Uint8Array> {
  const bytes = await store.read(key);
  if (bytes === null || hash("sha256", bytes, "hex") !== sha256)
    throw new RunError("bad-object", `${key} is gone or damaged`, { hint: remedyFor(key) });
  return bytes;
}

/** The tensor that a reference stands for. Throws `RunError` where it is gone or another. */
export async function readObject(store: Store, ref: ObjectRef): Promise<TensorArray> {
  const { key, sha256, dtype, shape } = ref;
  const { tensor } = fromSafetensors(await readChecked(store, key, sha256), key).tensors;
  const isMeant =
    tensor !== undefined &&
    dtypeName(tensor.data) === dtype &&
    tensor.shape.length === shape.length &&
    tensor.shape.every((length, axis) => length === shape[axis]);
  if (isMeant) return tensor.data;
  throw new RunError("bad-object", `${key} is not ${dtype} of shape ${shape.join(" x ")}`);
}

/** Writes a tensor under its name; writing the same again changes nothing. */
export async function writeObject(
  store: Store,
  run: string,
  { name, lifetime, shape }: KeptObject,
  data: TensorArray,
): Promise<ObjectRef> {
  const key = lifetime === "step" ? stepObjectKey(run, name) : modelPartKey(run, name);
  const ref = { key, dtype: dtypeName(data), shape: shape ?? [data.length] };
  const bytes = toSafetensors({ tensor: { shape: ref.shape, data } });
  await store.write(key, bytes);
  return { ...ref, sha256: hash("sha256", bytes, "hex") };
}

/**
 * The worker's side: puts tensors in the place of what a task names, and references in the place of
 * what its reply is to leave in the store. Tasks without `objects` pass as they are.
 */
export function withObjects<Request extends { run: string; task: Slotted }, Reply extends object>(
  store: Store,
  perform: (request: Request) => Reply | Promise<Reply>,
): (request: Request) => Reply | Promise<Reply> {
  const exchange = async (request: Request): Promise<Reply> => {
    const { task, run } = request;
    const { inputs = {}, keep = {} } = task.objects!;
    const open = (ref: ObjectRef) => readObject(store, ref);
    const tensors = Object.entries(inputs).map(
      async ([field, refs]) =>
        [field, "key" in refs ? await open(refs) : await Promise.all(refs.map(open))] as const,
    );
    const opened = { ...task, ...Object.fromEntries(await Promise.all(tensors)) };
    const reply = await perform({ ...request, task: opened });
    const { tensors: inReply } = reply as ReplyTensors;
    const kept = await fewAtOnce(Object.entries(keep), async ([field, as]) => {
      const data = replyField(reply, field);
      if (!ArrayBuffer.isView(data))
        throw new RunError("bad-object", `the reply to ${task.id} has no tensor ${field} to keep`);
      return [field, await writeObject(store, run, as, data as TensorArray)] as const;
    });
    const refs = Object.fromEntries(kept);
    return inReply === undefined
      ? { ...reply, ...refs }
      : { ...reply, tensors: { ...inReply, ...refs } };
  };
  return (request) => (request.task.objects === undefined ? perform(request) : exchange(request));
}

/**
 * The orchestrator's side: counts what tasks read and wrote by reference into their usage, and
 * removes a step's objects once a later step has begun. What it has not seen goes at the run's end.
 */
export function releasingCompute<Task extends Slotted, Result>(
  inner: Compute<Task, Result>,
  store: Store,
  run: string,
): Compute<Task, Result> {
  const prefix = stepObjectsPrefix(run);
  let step = Number.NEGATIVE_INFINITY;
  let keys = new Map<string, number>();
  const note = (of: number, key: string) => key.startsWith(prefix) && keys.set(key, of);
  const begin = ({ objects }: Task) => {
    if (objects === undefined || objects.step <= step) return;
    step = objects.step;
    const over = [...keys].filter(([, of]) => of < step).map(([key]) => key);
    keys = new Map([...keys].filter(([, of]) => of >= step));
    // What cannot be removed now is removed with all others at the run's end.
    for (const key of over) void store.remove(key).catch(() => undefined);
  };
  const settle = ({ objects }: Task, outcome: Outcome<Result>, usage: Usage): Usage => {
    if (objects === undefined || usage.billedMs === 0) return usage;
    const refs = Object.values(objects.inputs ?? {}).flat().length;
    const written = outcome.kind === "lost" ? [] : keptOf(outcome.result, objects.keep ?? {});
    for (const { key } of written) note(objects.step, key);
    const puts = written.reduce((sum, ref) => sum + putRequests(objectBytes(ref)), 0);
    const others = outcome.kind === "lost" ? 0 : readsOf(outcome.result);
    return {
      ...usage,
      storeReads: (usage.storeReads ?? 0) + refs + others,
      storeWrites: (usage.storeWrites ?? 0) + puts,
    };
  };
  const { startAll } = inner;
  return {
    start(task, deliver, isWanted) {
      if (task.objects === undefined) return inner.start(task, deliver, isWanted);
      begin(task);
      inner.start(
        task,
        (outcome, usage) => deliver(outcome, settle(task, outcome, usage)),
        isWanted,
      );
    },
    ...(startAll === undefined
      ? {}
      : {
          startAll(tasks: readonly Task[], receiver: Receiver<Result>) {
            if (tasks.every((task) => task.objects === undefined))
              return startAll.call(inner, tasks, receiver);
            for (const task of tasks) begin(task);
            startAll.call(inner, tasks, {
              deliver: (index, outcome, usage) =>
                receiver.deliver(index, outcome, settle(tasks[index]!, outcome, usage)),
              isWanted: (index) => receiver.isWanted(index),
            });
          },
        }),
    close: () => inner.close(),
  };
}

/** A reply's tensors stand in it by their names, or together in one field. */
interface ReplyTensors {
  readonly tensors?: Readonly<Record<string, unknown>>;
  readonly storeReads?: number;
}

function replyField(reply: unknown, field: string): unknown {
  const { tensors = reply } = reply as ReplyTensors;
  return (tensors as Readonly<Record<string, unknown>>)[field];
}

function keptOf(result: unknown, keep: { readonly [field: string]: KeptObject }): ObjectRef[] {
  return Object.keys(keep).flatMap((field) => (replyField(result, field) as ObjectRef) ?? []);
}

/** Of a reply that tells what it read besides its inputs. */
function readsOf(result: unknown): number {
  return (result as ReplyTensors | undefined)?.storeReads ?? 0;
}
