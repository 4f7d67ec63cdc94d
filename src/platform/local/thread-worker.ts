import { serveThread } from "../../compute/threads.ts";
import type { WorkerReply, WorkerRequest } from "../../tasks/protocol.ts";
import { createWorker } from "../../worker/worker.ts";
import { type Access, storeAt } from "./home.ts";

/** One thread's worker; it keeps the shards of all its slots. */
serveThread((data: { readonly access: Access; readonly shardsMax: number }) => {
  const perform = createWorker(storeAt(data.access), () => performance.now(), data.shardsMax);
  return {
    perform: (request: WorkerRequest): Promise<WorkerReply> => perform(request),
    transfers: (reply) => [reply.values.buffer as ArrayBuffer],
  };
});
