import type { EventInvocation } from "./events.ts";
import {
  type ExecutionEnd,
  type ExecutionError,
  type Executions,
  executionArnOf,
} from "./executions.ts";
import { badParameter } from "./failures.ts";
import type { FunctionConfig } from "./function-config.ts";
import type { InvocationOutcome } from "./invoke.ts";
import type { Route } from "./route.ts";

/** A request to call a function, with what is called by it. */
interface Wished {
  readonly wish: Route;
  readonly config: FunctionConfig;
  readonly version: string;
  readonly payload: Buffer;
  readonly requestId: string;
}

/**
 * Begins the execution that a call of a durable function is, under the name that it was given or
 * one of its own. Any other call goes on as it is. Throws `LambdaError` for a name that stands for
 * something else.
 */
export async function begin(
  executions: Executions,
  { wish, config, version, payload, requestId }: Wished,
): Promise<{ readonly route: Route; readonly arn?: string; readonly isNew: boolean }> {
  const { durable } = config;
  if (durable === undefined && wish.execution !== undefined)
    throw badParameter(`${wish.name} is no durable function: its invocations have no names.`);
  if (durable === undefined) return { route: wish, isNew: true };
  const name = wish.execution ?? requestId;
  const { execution, isNew } = await executions.begin({
    ...{ name, id: requestId, functionName: wish.name, version },
    input: payload.toString("utf8"),
    startMs: Date.now(),
    timeoutSeconds: durable.executionTimeoutSeconds,
  });
  return { route: { ...wish, execution: name }, arn: executionArnOf(execution), isNew };
}

type Run = (
  route: Route,
  payload: Buffer,
  requestId: string,
  forward?: (chunk: Buffer) => void,
) => Promise<InvocationOutcome>;

/** Notes an invocation that belongs to an execution; of an event there may be several. */
export async function noteInvocation(
  executions: Executions,
  { execution }: Route,
  { requestId, startMs, outcome }: EventInvocation,
): Promise<void> {
  if (execution === undefined) return;
  const error = errorOf(outcome);
  const invocation = { requestId, startMs, endMs: Date.now(), ...(error && { error }) };
  await executions.invoked(execution, invocation);
}

/** Calls functions as `run` does for who waits, and notes what belongs to an execution. */
export function callingDurably(run: Run, executions: Executions): Run {
  return async (route, payload, requestId, forward) => {
    const { execution } = route;
    if (execution === undefined) return run(route, payload, requestId, forward);
    const startMs = Date.now();
    try {
      const outcome = await run(route, payload, requestId, forward);
      await noteInvocation(executions, route, { requestId, startMs, outcome });
      await executions.ended(execution, endOf(outcome));
      return outcome;
    } catch (thrown) {
      await executions.ended(execution, endOf(thrown as Error));
      throw thrown;
    }
  };
}

export function endOf(outcome: InvocationOutcome | Error): ExecutionEnd {
  const atMs = Date.now();
  if (outcome instanceof Error) {
    const error = { ErrorType: outcome.name, ErrorMessage: outcome.message };
    return { status: "FAILED", atMs, error };
  }
  const error = errorOf(outcome);
  if (error !== undefined) return { status: "FAILED", atMs, error };
  return { status: "SUCCEEDED", atMs, result: Buffer.concat(outcome.body).toString("utf8") };
}

/** What a function's error says, where an invocation ended with one. */
function errorOf({ functionError, body }: InvocationOutcome): ExecutionError | undefined {
  if (functionError === undefined) return undefined;
  const text = Buffer.concat(body).toString("utf8");
  try {
    const { errorType, errorMessage, trace } = JSON.parse(text) as Record<string, unknown>;
    return {
      ...(typeof errorType === "string" && { ErrorType: errorType }),
      ...(typeof errorMessage === "string" && { ErrorMessage: errorMessage }),
      ...(Array.isArray(trace) && { StackTrace: trace.map(String) }),
    };
  } catch {
    // A runtime of its own may end with any text.
    return { ErrorMessage: text };
  }
}
