import { systemClock } from "../../compute/system-clock.ts";
import { threadsCompute } from "../../compute/threads.ts";
import { entryBeside } from "../../core/entries.ts";
import type { Compute } from "../../ports/compute.ts";
import type { WorkerReply, WorkerRequest, WorkerTask } from "../../tasks/protocol.ts";
import { type Backend, type BackendOptions, workerRequestOf } from "../backend.ts";
import { openHome } from "./home.ts";
import { ownModules } from "./own-modules.ts";
import { threadsPool } from "./parts-threads.ts";

/** Workers as threads of this process: no weather, no bill, nothing in between. */
export async function threadsBackend({ home, spec }: BackendOptions): Promise<Backend> {
  const opened = await openHome(home);
  const pool = threadsPool(opened.path);
  return {
    name: "threads",
    store: opened.store,
    pool,
    open(record) {
      const modules = ownModules();
      const threads = threadsCompute<WorkerRequest & { id: string; slot: number }, WorkerReply>({
        // What a program's own modules register, they register with the modules that they import.
        entry: entryBeside(import.meta.url, "thread-worker", modules.length === 0),
        data: { home: opened.path, shardsMax: spec.workers, modules },
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
    async close() {
      await pool.close();
      await opened.close();
    },
  };
}
