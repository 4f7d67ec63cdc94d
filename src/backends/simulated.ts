import { simulatedCompute } from "../emulator/simulated-compute.ts";
import { virtualClock } from "../emulator/virtual-clock.ts";
import { fatesOf } from "../emulator/weather/fate.ts";
import { weatherFrom } from "../emulator/weather/weather.ts";
import { downBytes, upBytes } from "../planner/workload.ts";
import { problems } from "../problems/registry.ts";
import { crowdWorker } from "../run/crowd.ts";
import { materials } from "../run/materials.ts";
import {
  entriesOf,
  inputBytes,
  outputBytes,
  type WorkerReply,
  type WorkerTask,
} from "../run/messages.ts";
import { promptWorker } from "../run/worker.ts";
import type { Backend, BackendOptions } from "./backend.ts";
import { openHome } from "./home.ts";
import { replyBytes, workMsOf } from "./planning.ts";
import { playedWeather } from "./played-weather.ts";
import { scratchMemory } from "./scratch-memory.ts";
import { isVast, scratchShards } from "./scratch-shards.ts";
import { sideBySide } from "./side-by-side.ts";
import { requestOf } from "./worker-compute.ts";

/** The real mathematics on a virtual clock: any number of workers, hours in seconds. */
export async function simulatedBackend({ home, spec }: BackendOptions): Promise<Backend> {
  const weather = weatherFrom(playedWeather("simulated", spec.weather));
  const opened = await openHome(home);
  const memory = scratchMemory(isVast(spec) ? scratchShards(opened.store) : opened.store);
  const { store } = memory;
  const known = materials(spec.workers);
  const perform = promptWorker(store, () => 0, spec.workers, sideBySide(), known);
  const fates = fatesOf(weather, spec.seed);
  return {
    name: "simulated",
    store,
    open(record) {
      const problem = problems.create(record.spec.problem);
      const together = crowdWorker(known, problem);
      const clock = virtualClock();
      const compute = simulatedCompute<WorkerTask, WorkerReply>({
        clock,
        perform: (task) => perform(requestOf(record, task)),
        performAll: (tasks) => together(requestOf(record, tasks[0]!), tasks),
        workMs: (task) => workMsOf(entriesOf(task, record.entriesPerSlot), weather),
        fateOf: ({ id, slot, round }, isCold) => fates({ task: id, slot, round }, isCold),
        bytes: (task, result) => ({
          down: downBytes(inputBytes(task)),
          up: result === null ? 0 : upBytes(outputBytes(result)),
        }),
        replyBytes: (task) => replyBytes(task, problem.mixable),
      });
      return { clock, compute };
    },
    async close() {
      await memory.keep();
      await opened.close();
    },
  };
}
