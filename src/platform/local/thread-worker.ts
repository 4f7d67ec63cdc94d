import { serveThread } from "../../compute/threads.ts";
import type { WorkerReply, WorkerRequest } from "../../tasks/protocol.ts";
import { createWorker } from "../../worker/worker.ts";
import { storeIn } from "./home.ts";

/** One thread's worker; it keeps the shards of all its slots. */
serveThread((data: { readonly home: string; readonly shardsMax: number }) => {
  const perform = createWorker(storeIn(data.home), () => performance.now(), data.shardsMax);
  return {
    perform: (request: WorkerRequest): Promise<WorkerReply> => perform(request),
    transfers: (reply) => [reply.values.buffer as ArrayBuffer],
  };
});
