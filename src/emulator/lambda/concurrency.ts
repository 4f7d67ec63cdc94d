import type { IncomingMessage } from "node:http";
import { awsLambda } from "../../limits.ts";
import { badParameter, LambdaError, noFunction, throttled } from "./failures.ts";

/** What a function keeps for itself of the account's concurrency; undefined for nothing. */
export interface Reserving {
  reserved(): number | undefined;
  reserve(concurrency: number | undefined): void;
}

/** Environments at work, being opened included, and those that wait. */
export interface FleetLoad {
  readonly busy: number;
  readonly idle: number;
}

/**
 * Throws `LambdaError` 429 for one call more than a function may have at once, and for one that
 * needs an environment of its tenant's more than there may be.
 */
export function admitCall(
  { busy, idle }: FleetLoad,
  reserved: number | undefined,
  needsTenantEnvironment: boolean,
): void {
  const concurrencyMax = reserved ?? awsLambda.concurrencyDefault;
  if (busy >= concurrencyMax)
    throw throttled(
      reserved === undefined
        ? "ConcurrentInvocationLimitExceeded"
        : "ReservedFunctionConcurrentInvocationLimitExceeded",
    );
  const environmentsMax = Math.ceil((concurrencyMax * awsLambda.tenantEnvironmentsPer1000) / 1000);
  if (needsTenantEnvironment && busy + idle >= environmentsMax)
    throw throttled(
      "ConcurrentInvocationLimitExceeded",
      "Rate Exceeded: too many tenant-aware environments.",
    );
}

export interface ConcurrencyReply {
  readonly status: number;
  readonly body: { readonly ReservedConcurrentExecutions?: number } | null;
}

const written = /^\/2017-10-31\/functions\/([^/]+)\/concurrency$/;
const read = /^\/2019-09-30\/functions\/([^/]+)\/concurrency$/;

/** Whether a request is about a function's reserved concurrency. */
export function isAboutConcurrency({ url = "" }: IncomingMessage): boolean {
  return written.test(url) || read.test(url);
}

/**
 * Put-, Get- and DeleteFunctionConcurrency. Throws `LambdaError` for a function that is not there,
 * and for a reservation that leaves the account's other functions less than Lambda insists on.
 */
export function answerConcurrency(
  { method, url = "" }: IncomingMessage,
  body: Buffer,
  functions: ReadonlyMap<string, Reserving>,
): ConcurrencyReply {
  const isWritten = written.test(url);
  const name = decodeURIComponent((isWritten ? written : read).exec(url)![1]!);
  const one = functions.get(name);
  if (one === undefined) throw noFunction(`arn:aws:lambda:us-east-1:000000000000:function:${name}`);
  if (!isWritten && method === "GET") return { status: 200, body: replyOf(one) };
  if (isWritten && method === "DELETE") {
    one.reserve(undefined);
    return { status: 204, body: null };
  }
  if (!isWritten || method !== "PUT")
    throw new LambdaError(404, "UnknownOperationException", `no operation ${method} ${url}`);
  const others = [...functions].filter(([other]) => other !== name);
  const taken = others.reduce((sum, [, other]) => sum + (other.reserved() ?? 0), 0);
  one.reserve(checked(wishedIn(body), taken));
  return { status: 200, body: replyOf(one) };
}

function replyOf(one: Reserving): NonNullable<ConcurrencyReply["body"]> {
  const reserved = one.reserved();
  return reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved };
}

function wishedIn(body: Buffer): unknown {
  try {
    return (JSON.parse(body.toString("utf8")) as { ReservedConcurrentExecutions?: unknown })
      .ReservedConcurrentExecutions;
  } catch {
    return undefined;
  }
}

function checked(wished: unknown, taken: number): number {
  if (typeof wished !== "number" || !Number.isInteger(wished) || wished < 0)
    throw badParameter("ReservedConcurrentExecutions: expected a whole number of at least 0");
  if (awsLambda.concurrencyDefault - taken - wished < awsLambda.unreservedMin)
    throw badParameter(
      "Specified ReservedConcurrentExecutions for function decreases account's " +
        `UnreservedConcurrentExecution below its minimum value of [${awsLambda.unreservedMin}].`,
    );
  return wished;
}
