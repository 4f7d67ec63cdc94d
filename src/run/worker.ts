import { RunError } from "../core/errors.ts";
import type { Encoded } from "../data/prepared.ts";
import { readShard } from "../data/raw-shard.ts";
import { encodings } from "../encoding/registry.ts";
import type { Examples } from "../math/rows.ts";
import type { Store } from "../ports/store.ts";
import type { Problem } from "../problems/problem.ts";
import { problems } from "../problems/registry.ts";
import { type Materials, materials } from "./materials.ts";
import type { WorkerReply, WorkerRequest } from "./messages.ts";
import type { Hold, Workplace } from "./operations/operation.ts";
import { operationOf } from "./operations/registry.ts";

/**
 * A worker: loads what a request names unless it has it already, computes, replies. It keeps one
 * slot's shard of one data set, because an environment belongs to one slot; asked for another, it
 * forgets the first. Warmth is only speed: every request names exactly what it needs.
 */
export function createWorker(
  store: Store,
  nowMs: () => number = () => performance.now(),
  shardsMax = 1,
): (request: WorkerRequest) => Promise<WorkerReply> {
  const answer = promptWorker(store, nowMs, shardsMax);
  return async (request) => answer(request);
}

/** A worker that answers at once where it has all it needs. */
export function promptWorker(
  store: Store,
  nowMs: () => number,
  shardsMax: number,
  hold?: Hold,
  ready: Materials = materials(shardsMax),
): (request: WorkerRequest) => WorkerReply | Promise<WorkerReply> {
  const manifests = new Map<string, Promise<Encoded>>();
  const shards = new Map<string, Promise<Examples>>();
  const solvers = new Map<string, Problem>();
  const made = new Map<string, Promise<unknown>>();

  const manifest = (key: string) =>
    remember(manifests, 1, key, () => readManifest<Encoded>(store, key));
  const shard = (key: string, slot: number) =>
    remember(shards, shardsMax, `${key}#${slot}`, async () => {
      const encoded = await manifest(key);
      if (slot >= encoded.slots.length)
        throw new RunError("unknown-slot", `${key} has no slot ${slot}, only ${encoded.workers}`);
      return readShard(store, encoded, slot, (chosen) => encodings.create(chosen));
    });
  const readied = new WeakSet<Problem>();
  const isReady = (one: Problem) => one.ready === undefined || readied.has(one);
  const problem = sameAgain((chosen: WorkerRequest["problem"]) => {
    const name = JSON.stringify(chosen);
    const known = solvers.get(name) ?? problems.create(chosen);
    solvers.set(name, known);
    return known;
  });

  const placeOf = async ({ encoded, run, task: { slot } }: WorkerRequest): Promise<Workplace> => ({
    store,
    run,
    encoded: await manifest(encoded),
    slot,
    shard: () => shard(encoded, slot),
    keep: <Made>(name: string, make: () => Promise<Made>) =>
      remember(made as Map<string, Promise<Made>>, shardsMax, `${encoded}#${slot}/${name}`, make),
  });
  const work = ({ problem: chosen, task }: WorkerRequest, one: AnyOperation, input: unknown) => {
    const startedMs = nowMs();
    const { loss, values } = one.work(problem(chosen), input, task, hold);
    return { loss, values, computeMs: nowMs() - startedMs };
  };
  /** A task that reads or writes of its own. */
  const perform = async (request: WorkerRequest, one: AnyOperation, material: unknown) => {
    const { task } = request;
    const place = await placeOf(request);
    const input = (await one.gather?.(place, material, task)) ?? material;
    const startedMs = nowMs();
    const made = one.work(problem(request.problem), input, task, hold);
    const computeMs = nowMs() - startedMs;
    return { ...((await one.publish?.(place, task, made)) ?? made), computeMs };
  };
  const answered = (request: WorkerRequest, one: AnyOperation, material: unknown) =>
    one.gather === undefined && one.publish === undefined
      ? work(request, one, material)
      : perform(request, one, material);

  return (request) => {
    const { task } = request;
    const operation = operationOf(task);
    if (operation === undefined) {
      throw new RunError("unknown-operation", `this worker knows no operation ${task.operation}`, {
        hint: "deploy worker and orchestrator from one version of kofn",
      });
    }
    const material = ready.find(request);
    if (material !== undefined && isReady(problem(request.problem)))
      return answered(request, operation, material);
    ready.makeRoom(request);
    return placeOf(request)
      .then(async (place) => {
        await problem(request.problem).ready?.((key) => store.read(key));
        readied.add(problem(request.problem));
        return operation.load(place);
      })
      .then((loaded) => {
        ready.keep(request, loaded);
        return answered(request, operation, loaded);
      });
  };
}

type AnyOperation = NonNullable<ReturnType<typeof operationOf>>;

/** Remembers the last answer: mostly the same object is asked about again and again. */
function sameAgain<In extends object, Out>(make: (given: In) => Out): (given: In) => Out {
  let last: { readonly given: In; readonly out: Out } | null = null;
  return (given) => {
    if (last?.given !== given) last = { given, out: make(given) };
    return last.out;
  };
}

/** A manifest of prepared or encoded data. */
export async function readManifest<T>(store: Store, key: string): Promise<T> {
  const bytes = await store.read(key);
  if (bytes === null) {
    throw new RunError("no-manifest", `${key} is not in the store`, {
      hint: "encode the data again: kofn encode SPEC",
    });
  }
  return JSON.parse(new TextDecoder().decode(bytes)) as T;
}

/** A failed load is forgotten, so that the next request tries again. */
function remember<T>(
  known: Map<string, Promise<T>>,
  countMax: number,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const found = known.get(key);
  if (found !== undefined) return found;
  for (const old of known.keys()) {
    if (known.size < countMax) break;
    known.delete(old);
  }
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}
