import { simulatedCompute } from "../emulator/simulated-compute.ts";
import { virtualClock } from "../emulator/virtual-clock.ts";
import { fateOf } from "../emulator/weather/fate.ts";
import { weatherFrom } from "../emulator/weather/weather.ts";
import { downBytes, upBytes } from "../planner/workload.ts";
import type { WorkerReply, WorkerTask } from "../run/messages.ts";
import { createWorker } from "../run/worker.ts";
import type { Backend, BackendOptions } from "./backend.ts";
import { openHome } from "./home.ts";
import { usualWeather, workMsOf } from "./planning.ts";
import { requestOf } from "./worker-compute.ts";

/** The real mathematics on a virtual clock: any number of workers, hours in seconds. */
export async function simulatedBackend({ home, spec }: BackendOptions): Promise<Backend> {
  const weather = weatherFrom(spec.weather ?? usualWeather("simulated"));
  const opened = await openHome(home);
  const perform = createWorker(opened.store, () => 0, spec.workers);
  return {
    name: "simulated",
    store: opened.store,
    open(record) {
      const clock = virtualClock();
      const compute = simulatedCompute<WorkerTask, WorkerReply>({
        clock,
        perform: (task) => perform(requestOf(record, task)),
        workMs: () => workMsOf(record.entriesPerSlot),
        fateOf: ({ id, slot, round }) => fateOf(weather, { task: id, slot, round }, spec.seed),
        bytes: (task, result) => ({
          down: downBytes(task.weights.byteLength),
          up: result === null ? 0 : upBytes(result.values.byteLength),
        }),
      });
      return { clock, compute };
    },
    close: () => opened.close(),
  };
}
