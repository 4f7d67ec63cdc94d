import { downBytes, upBytes } from "../../planner/workload.ts";
import type { Store } from "../../ports/store.ts";
import { problems } from "../../problems/registry.ts";
import { batchedWorker } from "../../simulation/batched-worker.ts";
import { ephemeralState } from "../../simulation/ephemeral-state.ts";
import { ephemeralShards, needsEphemeralShards } from "../../simulation/ephemeral-store.ts";
import { replyArena } from "../../simulation/reply-arena.ts";
import { simulatedCompute } from "../../simulation/simulated-compute.ts";
import { simulatedWeights } from "../../simulation/simulated-weights.ts";
import { virtualClock } from "../../simulation/virtual-clock.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { arrayBytesOf, requestArrays, taskEntries, taskWithinTime } from "../../tasks/registry.ts";
import { type FaultDecision, faultModelOf } from "../../weather/fault-decision.ts";
import { weatherFrom } from "../../weather/weather.ts";
import { materialCache } from "../../worker/material-cache.ts";
import { createSyncWorker } from "../../worker/worker.ts";
import {
  type Backend,
  type BackendOptions,
  playedWeather,
  tellsChanges,
  workerRequestOf,
} from "../backend.ts";
import { replyBytes, type WorkPace, workMsOf } from "../platform-model.ts";
import { openHome } from "./home.ts";
import { threadsPool } from "./parts-threads.ts";

/** The real mathematics on a virtual clock: any number of workers, hours in seconds. */
export async function simulatedBackend({ home, spec }: BackendOptions): Promise<Backend> {
  const weather = weatherFrom(playedWeather("simulated", spec.weather));
  const opened = await openHome(home);
  const pool = threadsPool(opened.path);
  const memory = ephemeralState(
    needsEphemeralShards(spec) ? ephemeralShards(opened.store) : opened.store,
  );
  const { store } = memory;
  const fates = faultModelOf(weather, spec.seed);
  const fateOf: TaskFate = ({ id, slot, round }, isCold) =>
    fates({ task: id, slot, round }, isCold);
  return {
    name: "simulated",
    store,
    pool,
    open: simulatedPlatform({ store, workers: spec.workers, pace: weather, fateOf }),
    async close() {
      await pool.close();
      await memory.keep();
      await opened.close();
    },
  };
}

/** What befalls a task, in an environment that starts for it or is warm. */
export type TaskFate = (task: WorkerTask, isCold: boolean) => FaultDecision;

/** Lambda and its workers on a virtual clock, over a store, in any weather. */
export function simulatedPlatform(of: {
  readonly store: Store;
  readonly workers: number;
  readonly pace: WorkPace;
  readonly fateOf: TaskFate;
}): Backend["open"] {
  const { store, workers, pace, fateOf } = of;
  const shards = materialCache(workers);
  const perform = createSyncWorker(store, () => 0, workers, replyArena(), shards);
  return (record) => {
    const problem = problems.create(record.spec.problem);
    const together = batchedWorker(shards, problem);
    const clock = virtualClock();
    const shardMs = workMsOf(record.entriesPerSlot, pace) - pace.baseMs;
    const open = (requestBytes: (task: WorkerTask, all: readonly number[]) => readonly number[]) =>
      simulatedCompute<WorkerTask, WorkerReply>({
        clock,
        perform: (task) => perform(workerRequestOf(record, task)),
        performAll: (tasks) =>
          tasks.some((task) => task.objects !== undefined)
            ? null
            : together(workerRequestOf(record, tasks[0]!), tasks),
        workMs: (task) => workMsOf(taskEntries(task, record.entriesPerSlot), pace),
        withinTime: (task, delayMs) => taskWithinTime(task, delayMs + pace.baseMs, shardMs),
        fateOf,
        bytesDown: (task) => downBytes(requestBytes(task, requestArrays(task))),
        bytesUp: (result) => upBytes(arrayBytesOf(result)),
        replyBytes: (task) => replyBytes(task, problem.isQuadratic),
      });
    const compute = tellsChanges(record.spec) ? simulatedWeights(open) : open((_, all) => all);
    return { clock, compute };
  };
}
