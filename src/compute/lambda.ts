import { RunError } from "../core/errors.ts";
import { bounds, functions, invocationUsd } from "../limits.ts";
import type { Compute, Deliver, Outcome, Slotted, Usage } from "../ports/compute.ts";
import { noUsage } from "../ports/compute.ts";
import { fromPacket, toJsonBytes } from "../wire/packet.ts";
import { callLambda, type LambdaReply } from "./lambda-call.ts";
import { type LambdaClient, lambdaClient } from "./lambda-client.ts";
import { requestBuffers } from "./request-buffers.ts";

export interface LambdaComputeOptions<Task> {
  readonly functionName: string;
  /** Names the run in every request. */
  readonly run: string;
  readonly client?: LambdaClient;
  readonly environmentsPerSlot?: number;
  /** Replies by InvokeWithResponseStream; Invoke is quicker below its 6 MB. */
  readonly streamed?: boolean;
  readonly memoryMb?: number;
  /** What workers print becomes part of the run's events. */
  readonly tellsPrinted?: boolean;
  /** The request's body; `{ run, task }` where absent. */
  readonly request?: (task: Task) => object;
}

/**
 * Runs tasks as synchronous invocations of one function, with one tenant for each slot. The reply
 * is a packet. Every failure is delivered as lost, with a reason for a person.
 */
export function lambdaCompute<Task extends Slotted, Result>(
  options: LambdaComputeOptions<Task>,
): Compute<Task, Result> {
  const { functionName, run } = options;
  const busyMax = options.environmentsPerSlot ?? bounds.environmentsPerSlot;
  const memoryMb = options.memoryMb ?? functions.worker.memoryMb;
  const client = options.client ?? lambdaClient();
  const busy = new Map<number, number>();
  const abort = new AbortController();
  const buffers = requestBuffers();

  async function invoke(task: Task): Promise<{ outcome: Outcome<Result>; usage: Usage }> {
    const body = toJsonBytes(options.request?.(task) ?? { run, task }, buffers.take);
    const reply = await callLambda(client, {
      functionName,
      tenant: String(task.slot),
      context: contextOf(task),
      body,
      streamed: options.streamed ?? false,
      signal: abort.signal,
    });
    const usage = usageOf(reply, body.length, memoryMb, options.tellsPrinted === true);
    if (reply.kind === "refused") return { outcome: refused(reply), usage };
    // Whoever answered has read the request; of any other it is not known who still does.
    buffers.giveBack(body);
    try {
      const result = fromPacket<Result>(reply.bytes, "reply");
      return { outcome: { kind: "done", result }, usage: withComputing(usage, result) };
    } catch (thrown) {
      if (!(thrown instanceof RunError)) throw thrown;
      return { outcome: lost(`its reply is damaged: ${thrown.message}`), usage };
    }
  }

  return {
    start(task, deliver: Deliver<Result>) {
      const earlier = busy.get(task.slot) ?? 0;
      if (earlier >= busyMax) {
        const tasks = earlier === 1 ? "an earlier task" : `${earlier} earlier tasks`;
        const outcome = lost(`slot ${task.slot} is still busy with ${tasks}`);
        queueMicrotask(() => {
          if (!abort.signal.aborted) deliver(outcome, noUsage);
        });
        return;
      }
      busy.set(task.slot, earlier + 1);
      void invoke(task)
        .catch((thrown: unknown) => ({ outcome: lost(`kofn: ${thrown}`), usage: noUsage }))
        .then(({ outcome, usage }) => {
          busy.set(task.slot, busy.get(task.slot)! - 1);
          if (!abort.signal.aborted) deliver(outcome, usage);
        });
    },
    async close() {
      abort.abort();
      if (options.client === undefined) client.destroy();
    },
  };
}

/** What a worker says of its time stands with the rest of it. */
function withComputing(usage: Usage, result: unknown): Usage {
  const { computeMs } = (result ?? {}) as { readonly computeMs?: unknown };
  const { phases } = usage;
  if (phases === undefined || typeof computeMs !== "number" || !(computeMs >= 0)) return usage;
  return { ...usage, phases: { ...phases, computeMs: Math.min(computeMs, phases.workerMs) } };
}

function refused({ reason, retryAfterMs }: LambdaReply & { kind: "refused" }) {
  return retryAfterMs === undefined ? lost(reason) : { ...lost(reason), retryAfterMs };
}

const lost = (reason: string) => ({ kind: "lost", reason }) as const;

/** Names the task to the worker and to the emulator's weather, with how long it may take. */
function contextOf(task: Slotted): object {
  const { id, slot, limitMs } = task;
  const custom = { task: id, slot, round: roundOf(task) };
  return { custom: limitMs === undefined ? custom : { ...custom, limitMs } };
}

function roundOf(task: Slotted): number | undefined {
  const { round } = task as { round?: unknown };
  return typeof round === "number" ? round : undefined;
}

function usageOf(
  reply: LambdaReply,
  bytesDown: number,
  memoryMb: number,
  tellsPrinted: boolean,
): Usage {
  if (reply.billedMs === undefined) {
    const lost = reply.kind === "refused" && reply.mayHaveRun === true;
    return { ...noUsage, bytesDown, ...(lost && { mayHaveRun: true }) };
  }
  const { billedMs, coldStart, phases, printed } = reply;
  return {
    billedMs,
    coldStart,
    bytesDown,
    bytesUp: reply.bytesUp,
    costUsd: invocationUsd({ billedMs, memoryMb, startsTenant: coldStart }),
    ...(phases === undefined ? {} : { phases }),
    ...(printed === undefined || !tellsPrinted ? {} : { printed }),
  };
}
