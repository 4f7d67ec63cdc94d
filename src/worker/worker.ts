import { RunError } from "../core/errors.ts";
import type { Store } from "../ports/store.ts";
import type { Problem } from "../problems/problem.ts";
import { problems } from "../problems/registry.ts";
import { readNamedObject } from "../store-damage.ts";
import type { Effects } from "../store-effects.ts";
import type { WorkerReply, WorkerRequest } from "../tasks/protocol.ts";
import { taskKindOf } from "../tasks/registry.ts";
import type { Allocator, TaskOutput, WorkerContext } from "../tasks/task-kind.ts";
import { type MaterialCache, materialCache } from "./material-cache.ts";
import { withObjects } from "./objects.ts";
import { workerContexts } from "./worker-context.ts";

/** Problems load networks; only one kind of worker has what computes them. */
export const problemEffects: Effects = { roles: ["networkWorker"], reads: ["networks"] };

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
  const answer = createSyncWorker(store, nowMs, shardsMax);
  return async (request) => answer(request);
}

/** A worker that answers at once where it has all it needs. */
export function createSyncWorker(
  store: Store,
  nowMs: () => number,
  shardsMax: number,
  hold?: Allocator,
  ready: MaterialCache = materialCache(shardsMax),
): (request: WorkerRequest) => WorkerReply | Promise<WorkerReply> {
  const placeOf = workerContexts(store, shardsMax);
  const readied = new WeakSet<Problem>();
  const isReady = (one: Problem) => one.load === undefined || readied.has(one);
  const problem = solvers();
  const work = (request: WorkerRequest, one: AnyOperation, input: unknown, timer?: Timer) => {
    const startedMs = nowMs();
    const made = one.compute(problem(request.problem), input, request.task, hold, timer);
    return replyOf(made, nowMs() - startedMs);
  };
  /** A task that reads or writes of its own. */
  const perform = async (request: WorkerRequest, one: AnyOperation, material: unknown) => {
    const { task } = request;
    const { place, reads } = countingReads(await placeOf(request));
    const chosen = problem(request.problem);
    const input = (await one.prepare?.(place, material, task, chosen)) ?? material;
    const startedMs = nowMs();
    const made = one.compute(chosen, input, task, hold);
    const computeMs = nowMs() - startedMs;
    const reply = { ...((await one.publish?.(place, task, made)) ?? made), computeMs };
    return reads() === 0 ? reply : { ...reply, storeReads: reads() };
  };
  const answered = (request: WorkerRequest, one: AnyOperation, material: unknown, timer?: Timer) =>
    one.prepare === undefined && one.publish === undefined
      ? work(request, one, material, timer)
      : perform(request, one, material);

  return withObjects<WorkerRequest, WorkerReply>(store, (request) => {
    const { task } = request;
    const operation = taskKindOf(task);
    if (operation === undefined) throw unknownOperation(task);
    const timer = timerOf(operation, request, nowMs);
    const material = ready.find(request);
    const needsProblem = operation.opensProblem !== true;
    if (material !== undefined && (!needsProblem || isReady(problem(request.problem))))
      return answered(request, operation, material, timer);
    ready.makeRoom(request);
    return placeOf(request)
      .then(async (place) => {
        if (needsProblem) {
          await problem(request.problem).load?.((key) => readNamedObject(store, key));
          readied.add(problem(request.problem));
        }
        return operation.load(place);
      })
      .then((loaded) => {
        ready.keep(request, loaded);
        return answered(request, operation, loaded, timer);
      });
  });
}

function unknownOperation({ operation }: WorkerRequest["task"]): RunError {
  return new RunError("unknown-operation", `this worker knows no operation ${operation}`, {
    hint: "deploy worker and orchestrator from one version of kofn",
  });
}

/** A place that tells how many objects were read there. */
function countingReads(place: WorkerContext): { place: WorkerContext; reads: () => number } {
  let count = 0;
  const object: WorkerContext["object"] = (ref) => {
    count++;
    return place.object(ref);
  };
  return { place: { ...place, object }, reads: () => count };
}

type AnyOperation = NonNullable<ReturnType<typeof taskKindOf>>;

function replyOf(made: TaskOutput, computeMs: number): WorkerReply {
  const isPlain = made.tensors === undefined && made.tables === undefined;
  // Spelled out, as copies of objects take long.
  if (isPlain && made.rows === undefined)
    return { loss: made.loss, values: made.values, computeMs };
  return { ...made, computeMs };
}

/** Milliseconds since an invocation began. */
type Timer = () => number;

/** Undefined where the work does not hang on time. */
function timerOf(
  { withinTime }: AnyOperation,
  { startedMs }: WorkerRequest,
  nowMs: () => number,
): Timer | undefined {
  if (withinTime === undefined) return undefined;
  const beganMs = startedMs ?? nowMs();
  return () => nowMs() - beganMs;
}

/** Problems as they are chosen, each made once. */
function solvers(): (chosen: WorkerRequest["problem"]) => Problem {
  const known = new Map<string, Problem>();
  return sameAgain((chosen) => {
    const name = JSON.stringify(chosen);
    const made = known.get(name) ?? problems.create(chosen);
    known.set(name, made);
    return made;
  });
}

/** Remembers the last answer: mostly the same object is asked about again and again. */
function sameAgain<In extends object, Out>(make: (given: In) => Out): (given: In) => Out {
  let last: { readonly given: In; readonly out: Out } | null = null;
  return (given) => {
    if (last?.given !== given) last = { given, out: make(given) };
    return last.out;
  };
}
