import type { IncomingMessage } from "node:http";
import { type Execution, type Executions, executionArnOf } from "./executions.ts";
import { badParameter, LambdaError, noFunction } from "./failures.ts";
import type { FunctionReply, FunctionRequest } from "./function-requests.ts";
import { arnOf, decodedPart, functionNameOf } from "./route.ts";

/*
 * What the API tells of durable executions:
 * https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecution.html and its neighbours.
 * Functions are called here without the service behind `context.step`: an execution's history is
 * its beginning, its invocations and its end, and what asks for steps is refused.
 */

const ofFunction = /^\/2025-12-01\/functions\/([^/]+)\/durable-executions$/;
const ofExecution = /^\/2025-12-01\/durable-executions\/(.+?)(\/history)?$/;
const executionArn = /^(arn:aws:lambda:[^/]+:function:([^:/]+):([^:/]+))\/durable-execution\/(.+)$/;

/** By path, method first: operations that are Lambda's and not done here. */
const notHere: readonly (readonly [RegExp, string])[] = [
  [/^POST \/2025-12-01\/durable-executions\/.+\/checkpoint$/, "CheckpointDurableExecution"],
  [/^GET \/2025-12-01\/durable-executions\/.+\/state$/, "GetDurableExecutionState"],
  [/^POST \/2025-12-01\/durable-executions\/.+\/stop$/, "StopDurableExecution"],
  [
    /^POST \/2025-12-01\/durable-execution-callbacks\/[^/]+\/succeed$/,
    "SendDurableExecutionCallbackSuccess",
  ],
  [
    /^POST \/2025-12-01\/durable-execution-callbacks\/[^/]+\/fail$/,
    "SendDurableExecutionCallbackFailure",
  ],
  [
    /^POST \/2025-12-01\/durable-execution-callbacks\/[^/]+\/heartbeat$/,
    "SendDurableExecutionCallbackHeartbeat",
  ],
];

/** What a request asks of durable executions; null where it is about something else. */
export function durableRequestOf(
  { method = "", url = "" }: IncomingMessage,
  executions: Executions,
): FunctionRequest | null {
  const { pathname, searchParams } = new URL(url, "http://lambda");
  const path = pathname.replace(/\/$/, "");
  const refused = notHere.find(([pattern]) => pattern.test(`${method} ${path}`));
  if (refused !== undefined) return refusal(refused[1]);
  if (method !== "GET") return null;
  const called = ofFunction.exec(path)?.[1];
  if (called !== undefined) return listing(called, searchParams, executions);
  const [, encoded, history] = ofExecution.exec(path) ?? [];
  if (encoded === undefined) return null;
  const arn = decodedPart(encoded);
  const wantsData = booleanIn(searchParams, "IncludeExecutionData", true);
  return {
    name: history === undefined ? "GetDurableExecution" : "GetDurableExecutionHistory",
    resource: arn,
    async answer() {
      const execution = await foundBy(arn, executions);
      if (history === undefined) return ok(described(execution, wantsData));
      const events = eventsOf(execution, wantsData);
      const { items, more } = pageOf(ordered(events, searchParams), searchParams);
      return ok({ Events: items, ...more });
    },
  };
}

function refusal(name: string): FunctionRequest {
  return {
    name,
    resource: "*",
    answer() {
      throw new LambdaError(501, "NotImplemented", `${name} is not implemented here.`);
    },
  };
}

function listing(encoded: string, wish: URLSearchParams, all: Executions): FunctionRequest {
  const { name, qualifier } = functionNameOf(encoded, wish.get("Qualifier"));
  return {
    name: "ListDurableExecutionsByFunction",
    resource: arnOf(name, qualifier),
    async answer(_body, { functions }) {
      const called = functions.get(name);
      if (called === undefined) throw noFunction(arnOf(name, qualifier));
      const { version } = called.at(qualifier);
      const isWanted = filterOf(wish);
      const found = (await all.of(name)).filter((one) => one.version === version && isWanted(one));
      const { items, more } = pageOf(ordered(found, wish), wish);
      return ok({ DurableExecutions: items.map(summary), ...more });
    },
  };
}

async function foundBy(arn: string, executions: Executions): Promise<Execution> {
  const [, , , rest = ""] = executionArn.exec(arn)?.slice(1) ?? [];
  const found = await executions.get(rest.split("/")[0]!);
  if (found !== null && executionArnOf(found) === arn) return found;
  throw new LambdaError(404, "ResourceNotFoundException", `Durable execution not found: ${arn}`);
}

function summary(execution: Execution): object {
  const { name, functionName, version, startMs, end } = execution;
  return {
    DurableExecutionArn: executionArnOf(execution),
    DurableExecutionName: name,
    FunctionArn: arnOf(functionName, version),
    Status: end?.status ?? "RUNNING",
    StartTimestamp: startMs / 1000,
    ...(end && { EndTimestamp: end.atMs / 1000 }),
  };
}

function described(execution: Execution, wantsData: boolean): object {
  const { input, version, end } = execution;
  const data = {
    InputPayload: input,
    ...(end?.status === "SUCCEEDED" && { Result: end.result }),
    ...(end?.status === "FAILED" && { Error: end.error }),
  };
  return { ...summary(execution), Version: version, ...(wantsData && data) };
}

/** What happened, in order: https://docs.aws.amazon.com/lambda/latest/api/API_Event.html */
function eventsOf(execution: Execution, wantsData: boolean): readonly object[] {
  const { id, name, input, startMs, timeoutSeconds, invocations, end } = execution;
  const data = (Payload: unknown) => (wantsData ? { Payload, Truncated: false } : {});
  const events: { readonly atMs: number; readonly more: object }[] = [
    {
      atMs: startMs,
      more: {
        ...{ EventType: "ExecutionStarted", Id: id, Name: name },
        ExecutionStartedDetails: { Input: data(input), ExecutionTimeout: timeoutSeconds },
      },
    },
    ...invocations.map(({ requestId, startMs: beganMs, endMs, error }) => ({
      atMs: endMs,
      more: {
        EventType: "InvocationCompleted",
        InvocationCompletedDetails: {
          StartTimestamp: beganMs / 1000,
          EndTimestamp: endMs / 1000,
          RequestId: requestId,
          ...(error && { Error: data(error) }),
        },
      },
    })),
  ];
  if (end?.status === "SUCCEEDED")
    events.push({
      atMs: end.atMs,
      more: {
        ...{ EventType: "ExecutionSucceeded", Id: id, Name: name },
        ExecutionSucceededDetails: { Result: data(end.result) },
      },
    });
  if (end?.status === "FAILED")
    events.push({
      atMs: end.atMs,
      more: {
        ...{ EventType: "ExecutionFailed", Id: id, Name: name },
        ExecutionFailedDetails: { Error: data(end.error) },
      },
    });
  return events.map(({ atMs, more }, i) => ({
    EventId: i + 1,
    EventTimestamp: atMs / 1000,
    ...more,
  }));
}

const statuses = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"];

function filterOf(wish: URLSearchParams): (one: Execution) => boolean {
  const name = wish.get("DurableExecutionName");
  const wanted = wish.getAll("Statuses");
  const other = wanted.find((status) => !statuses.includes(status));
  if (other !== undefined) throw badParameter(`Statuses: "${other}" is none.`);
  const afterMs = timeIn(wish, "StartedAfter") ?? Number.NEGATIVE_INFINITY;
  const beforeMs = timeIn(wish, "StartedBefore") ?? Number.POSITIVE_INFINITY;
  return (one) =>
    (name === null || one.name === name) &&
    (wanted.length === 0 || wanted.includes(one.end?.status ?? "RUNNING")) &&
    one.startMs > afterMs &&
    one.startMs < beforeMs;
}

function ordered<T>(items: readonly T[], wish: URLSearchParams): readonly T[] {
  return booleanIn(wish, "ReverseOrder", false) ? items.toReversed() : items;
}

const pageUsual = 100;
const pageMax = 1_000;

function pageOf<T>(items: readonly T[], wish: URLSearchParams) {
  const wished = wholeIn(wish, "MaxItems") ?? 0;
  if (wished > pageMax) throw badParameter(`MaxItems ${wished} is not within 0 to 1,000.`);
  const from = wholeIn(wish, "Marker") ?? 0;
  const next = from + (wished === 0 ? pageUsual : wished);
  const more = next < items.length ? { NextMarker: String(next) } : {};
  return { items: items.slice(from, next), more };
}

function wholeIn(wish: URLSearchParams, name: string): number | null {
  const text = wish.get(name);
  if (text === null) return null;
  if (!/^\d{1,6}$/.test(text)) throw badParameter(`${name} "${text}" is not one.`);
  return Number(text);
}

function booleanIn(wish: URLSearchParams, name: string, fallback: boolean): boolean {
  const text = wish.get(name);
  if (text === null) return fallback;
  if (text !== "true" && text !== "false") throw badParameter(`${name} is true or false.`);
  return text === "true";
}

function timeIn(wish: URLSearchParams, name: string): number | null {
  const text = wish.get(name);
  if (text === null) return null;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw badParameter(`${name} "${text}" is no time.`);
  return atMs;
}

const ok = (body: object): FunctionReply => ({ status: 200, body });
