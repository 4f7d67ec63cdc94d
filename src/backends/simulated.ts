import { simulatedCompute } from "../emulator/simulated-compute.ts";
import { virtualClock } from "../emulator/virtual-clock.ts";
import { fateOf } from "../emulator/weather/fate.ts";
import { weatherFrom } from "../emulator/weather/weather.ts";
import type { WorkerReply, WorkerTask } from "../run/messages.ts";
import { createWorker } from "../run/worker.ts";
import type { Backend, BackendOptions } from "./backend.ts";
import { openHome } from "./home.ts";
import { requestOf } from "./worker-compute.ts";

/** An invocation without weather: the platform's round trip, and a fixed speed of computing. */
const roundTripMs = 8;
const workMsPerMillion = 1.5;

/** The real mathematics on a virtual clock: any number of workers, hours in seconds. */
export async function simulatedBackend({ home, spec }: BackendOptions): Promise<Backend> {
  const weather = weatherFrom(spec.weather ?? { model: "lambda", coldStartMs: 142 });
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
        workMs: () => roundTripMs + workMsPerMillion * (record.entriesPerSlot / 1e6),
        fateOf: ({ id, slot, round }) => fateOf(weather, { task: id, slot, round }, spec.seed),
        bytes: (task, result) => ({
          down: Math.ceil(task.weights.byteLength * 1.34) + 600,
          up: result === null ? 0 : result.values.byteLength + 200,
        }),
      });
      return { clock, compute };
    },
    close: () => opened.close(),
  };
}
