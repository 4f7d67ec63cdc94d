import { carried } from "../src/run/carriage.ts";
import type { WorkerReply, WorkerRequest } from "../src/run/messages.ts";
import { createWorker } from "../src/run/worker.ts";
import { s3Store } from "../src/storage/s3.ts";
import { fromJson, toPacket } from "../src/wire/packet.ts";

declare const awslambda: {
  streamifyResponse(
    handler: (event: unknown, reply: NodeJS.WritableStream) => Promise<void>,
  ): unknown;
};

// Made once an environment: it keeps its slot's shard between invocations.
const store = s3Store({ bucket: process.env.KOFN_BUCKET ?? "kofn" });
const perform = carried<WorkerRequest, WorkerReply>(store, createWorker(store));

/** A task in, a packet of raw bytes out. */
export const handler = awslambda.streamifyResponse(async (event, reply) => {
  const result = await perform(fromJson<WorkerRequest>(event, "request"));
  reply.end(toPacket(result));
});
