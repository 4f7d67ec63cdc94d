import { serveThread } from "../../compute/threads.ts";
import type { WorkerReply, WorkerRequest } from "../../tasks/protocol.ts";
import { createWorker } from "../../worker/worker.ts";
import { storeIn } from "./home.ts";
import { loadsMembers } from "./own-modules.ts";

interface ThreadData {
  readonly home: string;
  readonly shardsMax: number;
  /** Addresses of modules that register a program's own members. */
  readonly modules: readonly string[];
}

/** One thread's worker; it keeps the shards of all its slots. */
serveThread(({ home, shardsMax, modules }: ThreadData) => {
  const perform = createWorker(storeIn(home), () => performance.now(), shardsMax);
  // This thread's own copy.
  if (modules.length > 0) process.env[loadsMembers] = "1";
  const registered = Promise.all(modules.map((address) => import(address)));
  return {
    async perform(request: WorkerRequest): Promise<WorkerReply> {
      await registered;
      return perform(request);
    },
    // Replies without values share one array of none, which could be moved but once.
    transfers: ({ values }) => (values.length > 0 ? [values.buffer as ArrayBuffer] : []),
  };
});
