import { RunError } from "../core/errors.ts";
import { carried } from "../run/carriage.ts";
import { messagesVersion, type WorkerReply, type WorkerRequest } from "../run/messages.ts";
import { createWorker } from "../run/worker.ts";
import { s3StoreLater } from "../storage/s3-later.ts";
import { fromJson, toPacket } from "../wire/packet.ts";

declare const awslambda: {
  streamifyResponse(
    handler: (event: unknown, reply: NodeJS.WritableStream) => Promise<void>,
  ): unknown;
};

/**
 * The worker's Lambda handler: a task in, a packet of raw bytes out. Called once an environment,
 * which then keeps its slot's shard between invocations.
 */
export function createWorkerFunction({ bucket }: { readonly bucket: string }): unknown {
  const store = s3StoreLater(bucket);
  const perform = carried<WorkerRequest, WorkerReply>(store, createWorker(store));
  return awslambda.streamifyResponse(async (event, reply) => {
    const request = fromJson<WorkerRequest>(event, "request");
    refuseOtherVersion(request.version);
    const result = await perform(request);
    reply.end(toPacket(result));
  });
}

function refuseOtherVersion(version: number | undefined): void {
  if (version === messagesVersion) return;
  throw new RunError(
    "other-version",
    `this worker speaks version ${messagesVersion} of kofn's messages, the request ${version}`,
    { hint: "deploy worker and orchestrator together: npx sst deploy" },
  );
}
