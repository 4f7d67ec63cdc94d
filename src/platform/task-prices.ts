import type { TaskPrices } from "../journal/task-costs.ts";
import { awsLambda, prices, putRequests } from "../limits.ts";
import { meanOf } from "../math/statistics.ts";
import { type Attempt, invocationAttempts } from "../planner/slot-model.ts";
import { type RunSpec, workerMemoryMb } from "../spec/run-spec.ts";
import type { WorkerTask } from "../tasks/protocol.ts";
import { replyArrayBytes, requestArrays, taskEntries, taskWithinTime } from "../tasks/registry.ts";
import { SlotEnvironments } from "../weather/slot-environments.ts";
import { weatherFrom } from "../weather/weather.ts";
import { machineOf, usualWeather } from "./platform-model.ts";

/** Simulated futures for each price. */
const futures = 64;
/**
 * The assumed time of an environment start, several times the usual as on a busy machine; its most;
 * and what ending an invocation at its limit takes at most, on a busy machine too.
 */
const realTimes = { leastMs: 1_000, mostMs: awsLambda.initTimeoutMs, endMs: 1_000 };
const simulatedTimes = { leastMs: 0, mostMs: 0, endMs: 0 };
/** No limit is below this: a worker may have to load its shard, and its problem's code, first. */
const limitMsMin = 5_000;
/** A limit is so many times the longest of the futures. */
const limitMargin = 2;
/** No cold start is so many times its median: normal draws end before nine deviations. */
const startSpread = Math.exp(0.128 * 9);

/**
 * What a spec's tasks are expected to cost on a backend before any has run there, by its weather
 * over many futures; how long they may take by it; and what they cost at most. Null where workers
 * cost nothing.
 */
export function taskPrices(
  spec: RunSpec,
  backend: string,
  entriesPerSlot: number,
): TaskPrices<WorkerTask> | null {
  if (backend === "threads") return null;
  const { platform, lateness, workMs } = machineOf(spec, backend);
  const weather = weatherFrom(spec.weather ?? usualWeather(backend));
  // A simulation's starts take what its weather says, and its tasks end to the moment.
  const { leastMs, mostMs, endMs } = backend === "simulated" ? simulatedTimes : realTimes;
  const startMsMax = Math.max(mostMs, startSpread * weather.coldStartMs);
  const memoryMb = workerMemoryMb(spec);
  /** One that works until its time is up, without any lateness. */
  const whole = (task: WorkerTask) => taskWithinTime(task, 0, workMs(entriesPerSlot));
  const attempt = (task: WorkerTask, isCold: boolean, draw: number): Attempt => {
    const slot = draw % spec.workers;
    const lane = new SlotEnvironments(platform.environmentsPerSlot);
    if (!isCold) lane.occupy(0, 0, false);
    const [first] = invocationAttempts(lane, platform, {
      startMs: 0,
      workMs: workMs(taskEntries(whole(task), entriesPerSlot)),
      nameOf: () => task.id,
      fateOf: () => {
        const fate = lateness({ task: `price/${slot}`, slot, round: 0 }, draw, isCold);
        return { ...fate, coldStartMs: Math.max(leastMs, fate.coldStartMs) };
      },
    });
    return first!;
  };
  const attempts = remembered((task: WorkerTask, isCold: boolean) =>
    Array.from({ length: futures }, (_, draw) => attempt(task, isCold, draw)),
  );
  const longestMs = remembered((task: WorkerTask) => {
    // A lost one may run into the function's time-out, which says nothing about the others.
    const done = attempts(task, false).filter(({ isDone }) => isDone);
    return Math.max(0, ...done.map(({ startMs, endMs }) => endMs - startMs));
  });
  return {
    expectedUsd: remembered((task: WorkerTask, isCold: boolean) =>
      meanOf(attempts(task, isCold).map(({ costUsd }) => costUsd)),
    ),
    limitMs: (task) => Math.max(limitMsMin, limitMargin * longestMs(task)),
    limitMsMax: platform.timeoutMs,
    boundUsd(task, limitMs) {
      const billedMs = Math.ceil(startMsMax + limitMs + endMs);
      const times = weather.duplicates > 0 ? 2 : 1;
      return platform.priceOf({ billedMs, memoryMb, startsTenant: true, times }) + storeUsd(task);
    },
  };
}

/** Requests to the store for all that a task takes, or its reply leaves, by reference. */
function storeUsd(task: WorkerTask): number {
  const { inputs = {}, keep = {} } = task.objects ?? {};
  const arrays = requestArrays(task);
  const reads = Object.values(inputs).flat().length + arrays.length + 1;
  const bytes = replyArrayBytes(task, true) ?? arrays.reduce((sum, one) => sum + one, 0);
  const writes = Object.keys(keep).length + putRequests(bytes);
  return reads * prices.s3.usdPerGet + writes * prices.s3.usdPerPut;
}

/** Works out once for each kind of task. */
function remembered<Value>(
  make: (task: WorkerTask, isCold: boolean) => Value,
): (task: WorkerTask, isCold?: boolean) => Value {
  const values = new Map<string, Value>();
  return (task, isCold = false) => {
    const name = `${task.operation}/${isCold}`;
    const before = values.get(name);
    if (before !== undefined) return before;
    const value = make(task, isCold);
    values.set(name, value);
    return value;
  };
}
