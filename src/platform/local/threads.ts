import { systemClock } from "../../compute/system-clock.ts";
import { threadsCompute } from "../../compute/threads.ts";
import type { Compute } from "../../ports/compute.ts";
import type { WorkerReply, WorkerRequest, WorkerTask } from "../../tasks/protocol.ts";
import type { Backend, BackendOptions } from "../backend.ts";
import { workerRequestOf } from "../worker-compute.ts";
import { openHome } from "./home.ts";

/** Workers as threads of this process: no weather, no bill, nothing in between. */
export async function threadsBackend({ home, spec }: BackendOptions): Promise<Backend> {
  const opened = await openHome(home);
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const entry = new URL(`./thread-worker.${extension}`, import.meta.url);
  return {
    name: "threads",
    store: opened.store,
    open(record) {
      const threads = threadsCompute<WorkerRequest & { id: string; slot: number }, WorkerReply>({
        entry,
        data: { access: opened.access, shardsMax: spec.workers },
      });
      const compute: Compute<WorkerTask, WorkerReply> = {
        start(task, deliver) {
          const request = { ...workerRequestOf(record, task), id: task.id, slot: task.slot };
          threads.start(request, deliver);
        },
        close: () => threads.close(),
      };
      return { clock: systemClock(), compute };
    },
    close: () => opened.close(),
  };
}
