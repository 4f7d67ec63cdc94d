import { setTimeout as sleep } from "node:timers/promises";
import { awsLambda } from "../../limits.ts";
import { type FaultDecision, noFault } from "../../weather/fault-decision.ts";
import type { Meter } from "./bill.ts";
import type { Environment, EnvironmentReply } from "./environment.ts";
import type { Fleet, Member } from "./environments.ts";
import { exited, type FunctionFailure, replyTooLarge, timedOut } from "./failures.ts";
import type { FunctionConfig } from "./function-config.ts";
import { residentMb } from "./processes.ts";

/** One accepted call of a function. */
export interface Call {
  readonly requestId: string;
  readonly functionArn: string;
  readonly tenant: string | undefined;
  readonly clientContext: string | undefined;
  readonly payload: Buffer;
  readonly fate: FaultDecision;
  /** Base64 of the log's end is wanted. */
  readonly wantsLog: boolean;
  /** Takes the reply as it comes, for streamed replies. */
  readonly forward?: (chunk: Buffer) => void;
}

/** How a call ended. */
export interface InvocationOutcome {
  readonly functionError: "Unhandled" | undefined;
  readonly body: readonly Buffer[];
  readonly bytes: number;
  readonly log: string | undefined;
}

export interface Invoker {
  /** Throws `LambdaError` where the call was not admitted; everything later is a value. */
  invoke(call: Call): Promise<InvocationOutcome>;
}

type Ended = EnvironmentReply | { readonly kind: "failure"; readonly failure: FunctionFailure };

/** Calls of one function: environment, weather, time-out, bill. */
export function openInvoker(config: FunctionConfig, fleet: Fleet, bill: Meter): Invoker {
  async function once(call: Call): Promise<InvocationOutcome> {
    const member = await fleet.acquire(call.tenant);
    const { environment } = member;
    environment.log.clear();
    const coldStart = member.cold;
    const beganMs = performance.now();
    let ended = coldStart ? await initialise(member, call) : undefined;
    const startedMs = performance.now();
    const initMs = coldStart ? startedMs - beganMs : undefined;
    ended ??= await timed(environment, call);
    const durationMs = performance.now() - startedMs;
    const outcome = outcomeOf(ended, call);
    const billedMs = Math.max(1, Math.ceil(durationMs + (initMs ?? 0)));
    const bytesOut = outcome.bytes;
    bill.charge({ billedMs, coldStart, bytesIn: call.payload.length, bytesOut });
    member.calls += 1;
    if (member.calls >= (config.recycleAfterCalls ?? Number.POSITIVE_INFINITY)) environment.kill();
    else if (ended.kind === "reply" || ended.kind === "error") fleet.release(member);
    if (!call.wantsLog) return outcome;
    await outputRead();
    const { memoryMb } = config;
    const usedMb = Math.min(memoryMb, residentMb(environment.pid));
    const figures = { durationMs, billedMs, memoryMb, usedMb, initMs };
    return { ...outcome, log: environment.log.report(call.requestId, figures) };
  }

  async function initialise(member: Member, call: Call): Promise<Ended | undefined> {
    const { environment } = member;
    const least = sleep(call.fate.coldStartMs);
    const failed = await within(environment.init(), awsLambda.initTimeoutMs);
    if (failed === late || failed?.kind === "error") environment.kill();
    if (failed === late)
      return { kind: "failure", failure: timedOut(call.requestId, awsLambda.initTimeoutMs) };
    if (failed !== undefined) return failed;
    if (call.fate.coldStartMs > 0) await Promise.race([least, environment.gone]);
    member.cold = false;
    return undefined;
  }

  async function timed(environment: Environment, call: Call): Promise<Ended> {
    const deadlineMs = Date.now() + config.timeoutMs;
    const ended = await within(underWeather(environment, call, deadlineMs), config.timeoutMs);
    if (ended !== late) return ended;
    environment.kill();
    return { kind: "failure", failure: timedOut(call.requestId, config.timeoutMs) };
  }

  return {
    async invoke(call) {
      // A duplicate is a call whose reply nobody reads; it may be refused like any other.
      if (call.fate.duplicate)
        void once({ ...call, fate: noFault, forward: () => {} }).catch(() => bill.throttle());
      return once(call);
    },
  };
}

async function underWeather(
  environment: Environment,
  call: Call,
  deadlineMs: number,
): Promise<EnvironmentReply> {
  const { fate, forward, ...event } = call;
  if (fate.delayMs > 0) {
    const over = await Promise.race([sleep(fate.delayMs), environment.gone]);
    if (over !== undefined) return over;
  }
  if (fate.fault === "hang") return environment.gone;
  if (fate.fault === "crash-before") environment.kill();
  const answer = await environment.run(
    { ...event, deadlineMs },
    fate.fault === "crash-after" ? undefined : forward,
  );
  if (fate.fault !== "crash-after") return answer;
  environment.kill();
  return environment.gone;
}

function outcomeOf(ended: Ended, call: Call): InvocationOutcome {
  if (ended.kind === "reply") {
    if (ended.bytes <= awsLambda.syncPayloadBytesMax || call.forward !== undefined)
      return { functionError: undefined, body: ended.chunks, bytes: ended.bytes, log: undefined };
    return failed(Buffer.from(JSON.stringify(replyTooLarge(ended.bytes))));
  }
  if (ended.kind === "error") return failed(ended.body);
  const failure = ended.kind === "exit" ? exited(call.requestId, ended.exit) : ended.failure;
  return failed(Buffer.from(JSON.stringify(failure)));
}

function failed(body: Buffer): InvocationOutcome {
  return { functionError: "Unhandled", body: [body], bytes: body.length, log: undefined };
}

const late = Symbol("late");

/** The promise's value, or `late` after so long. */
async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | typeof late> {
  let timer: NodeJS.Timeout | undefined;
  const bell = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), timeoutMs);
  });
  try {
    return await Promise.race([promise, bell]);
  } finally {
    clearTimeout(timer);
  }
}

/** One whole turn of the event loop, after which what a process printed before it replied is in. */
function outputRead(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
