import { RunError } from "../../core/errors.ts";
import { functions } from "../../limits.ts";
import { lazyS3Store } from "../../storage/lazy-s3.ts";
import {
  oldestProtocolVersion,
  protocolVersion,
  type WorkerReply,
  type WorkerRequest,
} from "../../tasks/protocol.ts";
import { fromJson, toPacket } from "../../wire/packet.ts";
import { withInflatedInputs } from "../../worker/payload-offload.ts";
import { Watchdog } from "../../worker/time-limit.ts";
import { withKnownWeights } from "../../worker/weights-down.ts";
import { createWorker } from "../../worker/worker.ts";

/** What Lambda calls: it writes one packet of raw bytes to `reply` and ends it. */
export type WorkerHandler = (
  event: unknown,
  reply: { end(bytes: Uint8Array): unknown },
  context: { getRemainingTimeInMillis(): number },
) => Promise<void>;

/** In Lambda's Node alone. */
interface LambdaGlobals {
  readonly awslambda?: { streamifyResponse?(handler: WorkerHandler): WorkerHandler };
}

/**
 * The worker's Lambda handler: takes a task, replies a packet of raw bytes. Made once for each
 * environment, which keeps its slot's shard between invocations. Outside Lambda it is the handler
 * as it stands, so that a module that exports it can be imported and called by tests.
 */
export function createWorkerFunction({ bucket }: { readonly bucket: string }): WorkerHandler {
  const store = lazyS3Store(bucket);
  const worker = withKnownWeights<WorkerRequest, WorkerReply>(createWorker(store));
  const perform = withInflatedInputs(store, worker);
  const watchdog = new Watchdog();
  const handler: WorkerHandler = async (event, reply, context) => {
    const request = fromJson<WorkerRequest>(event, "request");
    refuseOtherVersion(request.version);
    // Whatever passed before the event came here is the invocation's time, too.
    const passedMs = functions.worker.timeoutMs - context.getRemainingTimeInMillis();
    const startedMs = performance.now() - Math.max(0, passedMs);
    const { limitMs } = request.task;
    const work = () => perform({ ...request, startedMs });
    const result =
      limitMs === undefined ? await work() : await watchdog.keep({ limitMs, passedMs }, work);
    reply.end(toPacket(result));
  };
  const { awslambda } = globalThis as LambdaGlobals;
  // The SDK puts an empty object in its place elsewhere.
  return awslambda?.streamifyResponse?.(handler) ?? handler;
}

function refuseOtherVersion(version: number | undefined): void {
  if (version !== undefined && version >= oldestProtocolVersion && version <= protocolVersion)
    return;
  const spoken =
    oldestProtocolVersion === protocolVersion
      ? `version ${protocolVersion}`
      : `versions ${oldestProtocolVersion} to ${protocolVersion}`;
  throw new RunError(
    "other-version",
    `this worker speaks ${spoken} of kofn's messages, the request ${version}`,
    { hint: "deploy worker and orchestrator together: npx sst deploy" },
  );
}
