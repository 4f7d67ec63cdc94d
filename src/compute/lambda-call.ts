import {
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  type LambdaClient,
  LambdaServiceException,
  TooManyRequestsException,
} from "@aws-sdk/client-lambda";
import { messageOf } from "../core/errors.ts";
import type { UsagePhases } from "../ports/compute.ts";

/** A Retry-After of more than a day is ignored. */
const retryAfterSecondsMax = 86_400;

export interface LambdaCall {
  readonly functionName: string;
  readonly tenant: string;
  /** The client context: names the task to the worker and to the emulator's weather. */
  readonly context: object;
  readonly body: Uint8Array;
  readonly streamed: boolean;
  readonly signal: AbortSignal;
}

/** An invocation's outcome as a value. `billedMs` is undefined where nothing ran. */
export type LambdaReply = Metered &
  (
    | { readonly kind: "replied"; readonly bytes: Uint8Array }
    | {
        readonly kind: "refused";
        readonly reason: string;
        readonly retryAfterMs?: number;
        /** Its answer was lost on the way: what it is billed is not known. */
        readonly mayHaveRun?: true;
      }
  );

interface Metered {
  readonly billedMs: number | undefined;
  readonly coldStart: boolean;
  readonly bytesUp: number;
  readonly phases?: UsagePhases;
  readonly printed?: string;
}

/** One synchronous invocation. Never rejects. */
export async function callLambda(client: LambdaClient, call: LambdaCall): Promise<LambdaReply> {
  try {
    return await (call.streamed ? streamed(client, call) : buffered(client, call));
  } catch (thrown) {
    const reason = reasonOf(thrown, call);
    const ran = mayHaveRun(thrown) ? ({ mayHaveRun: true } as const) : {};
    return { kind: "refused", reason, ...ran, ...wishOf(thrown), ...unmetered };
  }
}

const unmetered: Metered = { billedMs: undefined, coldStart: false, bytesUp: 0 };

function inputOf({ functionName, tenant, context, body }: LambdaCall) {
  return {
    FunctionName: functionName,
    TenantId: tenant,
    ClientContext: Buffer.from(JSON.stringify(context)).toString("base64"),
    LogType: "Tail",
    Payload: body,
  } as const;
}

async function buffered(client: LambdaClient, call: LambdaCall): Promise<LambdaReply> {
  const reply = await client.send(new InvokeCommand(inputOf(call)), { abortSignal: call.signal });
  const bytes = reply.Payload ?? new Uint8Array();
  const metered = meteredBy(reply.LogResult, bytes.length);
  if (reply.FunctionError === undefined) return { kind: "replied", bytes, ...metered };
  return {
    kind: "refused",
    reason: functionError(Buffer.from(bytes).toString("utf8")),
    ...metered,
  };
}

async function streamed(client: LambdaClient, call: LambdaCall): Promise<LambdaReply> {
  const reply = await client.send(new InvokeWithResponseStreamCommand(inputOf(call)), {
    abortSignal: call.signal,
  });
  const chunks: Uint8Array[] = [];
  for await (const event of reply.EventStream ?? []) {
    if (event.PayloadChunk?.Payload !== undefined) chunks.push(event.PayloadChunk.Payload);
    const complete = event.InvokeComplete;
    if (complete === undefined) continue;
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    const metered = meteredBy(complete.LogResult, bytes.length);
    if (complete.ErrorCode === undefined) return { kind: "replied", bytes, ...metered };
    return { kind: "refused", reason: functionError(complete.ErrorDetails ?? ""), ...metered };
  }
  return { kind: "refused", reason: "its reply broke off", mayHaveRun: true, ...unmetered };
}

const durationMs = /\b(?<!Billed |Init )Duration: ([\d.]+) ms/;
const initDurationMs = /\bInit Duration: ([\d.]+) ms/;
const billedDurationMs = /\bBilled Duration: ([\d.]+) ms/;

/** The last line of the log holds what Lambda bills. */
function meteredBy(logResult: string | undefined, bytesUp: number): Metered {
  const log = Buffer.from(logResult ?? "", "base64").toString("utf8");
  const report = log.slice(log.lastIndexOf("REPORT RequestId:"));
  const msOf = (figure: RegExp) => {
    const text = figure.exec(report)?.[1];
    return text === undefined ? undefined : Number(text);
  };
  const [workerMs, initMs] = [msOf(durationMs), msOf(initDurationMs)];
  const printed = printedIn(log);
  return {
    billedMs: msOf(billedDurationMs),
    coldStart: initMs !== undefined,
    bytesUp,
    ...(workerMs === undefined
      ? {}
      : { phases: { workerMs, ...(initMs === undefined ? {} : { initMs }) } }),
    ...(printed === "" ? {} : { printed }),
  };
}

const printedCharsMax = 1_000;

/** What the function printed itself, the end of it: not the lines that Lambda adds. */
function printedIn(log: string): string {
  const own = /^(START RequestId:|END RequestId:|REPORT RequestId:|INIT_START |XRAY TraceId:)/;
  const lines = log.split(/\r?\n/).filter((line) => line.trim() !== "" && !own.test(line));
  return lines.join("\n").slice(-printedCharsMax);
}

/** A function error's payload in words. */
function functionError(payload: string): string {
  try {
    const { errorType, errorMessage } = JSON.parse(payload) as Record<string, unknown>;
    const message = String(errorMessage ?? "").replace(/^RequestId: \S+ Error: /, "");
    return `its worker failed: ${errorType}: ${message}`;
  } catch {
    return `its worker failed: ${payload.slice(0, 200)}`;
  }
}

/** All but what never came to Lambda, and what Lambda refused by an answer of its own. */
function mayHaveRun(thrown: unknown): boolean {
  if (thrown instanceof LambdaServiceException)
    return (thrown.$metadata.httpStatusCode ?? 500) >= 500;
  const { code } = (thrown ?? {}) as { code?: string };
  return code !== "ECONNREFUSED" && code !== "ENOTFOUND";
}

/** Why an invocation failed or had no answer, in words. */
function reasonOf(thrown: unknown, { functionName }: LambdaCall): string {
  const { name = "", code } = (thrown ?? {}) as { name?: string; code?: string };
  if (name === "ResourceNotFoundException") return missing(functionName);
  if (name === "TooManyRequestsException") return "Lambda throttled it (429)";
  if (code === "ECONNREFUSED") return "no Lambda endpoint answers there (connection refused)";
  if (code === "ECONNRESET" || code === "EPIPE") return "the connection broke";
  if (name === "TimeoutError") return "no answer in time";
  if (name === "AbortError") return "called off";
  return `Lambda refused it: ${name}: ${messageOf(thrown)}`;
}

/** A version that a run began with is removed by a person, or with its function. */
function missing(functionName: string): string {
  const reason = `Lambda has no function ${functionName}`;
  if (!functionName.includes(":"))
    return `${reason}: was the stage removed? npx sst deploy brings it back`;
  return `${reason}: was that version removed? kofn resume RUN --newest takes the deployed one`;
}

/** How long Lambda asks a throttled caller to wait. */
function wishOf(thrown: unknown): { retryAfterMs?: number } {
  if (!(thrown instanceof TooManyRequestsException)) return {};
  const seconds = Number(thrown.retryAfterSeconds);
  return seconds > 0 && seconds <= retryAfterSecondsMax ? { retryAfterMs: 1000 * seconds } : {};
}
