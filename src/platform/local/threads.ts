import { systemClock } from "../../compute/system-clock.ts";
import { threadsCompute } from "../../compute/threads.ts";
import type { Compute } from "../../ports/compute.ts";
import type { WorkerReply, WorkerRequest, WorkerTask } from "../../tasks/protocol.ts";
import { type Backend, type BackendOptions, workerRequestOf } from "../backend.ts";
import { openHome } from "./home.ts";
import { ownModules } from "./own-modules.ts";
import { threadsPool } from "./parts-threads.ts";

/** Workers as threads of this process: no weather, no bill, nothing in between. */
export async function threadsBackend({ home, spec }: BackendOptions): Promise<Backend> {
  const opened = await openHome(home);
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const entry = new URL(`./thread-worker.${extension}`, import.meta.url);
  return {
    name: "threads",
    store: opened.store,
    pool: threadsPool(opened.path),
    open(record) {
      const threads = threadsCompute<WorkerRequest & { id: string; slot: number }, WorkerReply>({
        entry,
        data: { home: opened.path, shardsMax: spec.workers, modules: ownModules() },
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
