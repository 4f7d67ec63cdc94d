import { systemClock } from "../../compute/system-clock.ts";
import { threadsCompute } from "../../compute/threads.ts";
import { entryBeside } from "../../core/entries.ts";
import type { RunRecord } from "../../journal/run-record.ts";
import type { Compute } from "../../ports/compute.ts";
import { problems } from "../../problems/registry.ts";
import type { WorkerReply, WorkerRequest, WorkerTask } from "../../tasks/protocol.ts";
import { type Backend, type BackendOptions, workerRequestOf } from "../backend.ts";
import { openHome } from "./home.ts";
import { ownModules } from "./own-modules.ts";
import { threadsPool } from "./parts-threads.ts";

/** Stored numbers of all slots together that one thread is through before another has begun. */
const entriesOfOne = 2 ** 16;

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
      const count = threadsFor(record);
      const threads = threadsCompute<WorkerRequest & { id: string; slot: number }, WorkerReply>({
        // What a program's own modules register, they register with the modules that they import.
        entry: entryBeside(import.meta.url, "thread-worker", modules.length === 0),
        data: { home: opened.path, shardsMax: spec.workers, modules },
        ...(count === undefined ? {} : { threads: count }),
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

/**
 * How many threads a run's tasks share; undefined for as many as there are cores. Of few numbers, a
 * product or two for each of them, one: what a network makes of a row is more, and so is what other
 * strategies make of a task, some for as long as it takes.
 */
export function threadsFor({
  spec,
  entriesPerSlot,
}: Pick<RunRecord, "spec" | "entriesPerSlot">): number | undefined {
  if (spec.strategy.type !== "rounds" || problems.isOwn(spec.problem.type)) return undefined;
  if (entriesPerSlot * spec.workers > entriesOfOne) return undefined;
  const { parameters, predict, pairs } = problems.create(spec.problem);
  const isLinear = parameters === undefined && predict === undefined && pairs === undefined;
  return isLinear ? 1 : undefined;
}
