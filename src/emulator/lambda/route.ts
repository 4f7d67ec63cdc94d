import type { IncomingMessage } from "node:http";
import { badParameter, LambdaError } from "./failures.ts";

/** What a request to the Lambda API asks for. Plain data: accepted events are kept on disk. */
export interface Route {
  readonly kind: "sync" | "event" | "dry-run" | "stream";
  readonly name: string;
  /** A version's number, `$LATEST` or an alias; absent means `$LATEST`. */
  readonly qualifier?: string | undefined;
  /** As it was called, so with the qualifier where there is one. */
  readonly arn: string;
  readonly tenant: string | undefined;
  /** JSON text, decoded. */
  readonly clientContext: string | undefined;
  readonly wantsLog: boolean;
  /** The name of the execution that it begins, of a durable function. */
  readonly execution?: string | undefined;
}

const invokePath = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const streamPath = /^\/2021-11-15\/functions\/([^/]+)\/response-streaming-invocations$/;

/** Told before anything else, because nearly every request is one. */
export function isInvocation({ method, url = "" }: IncomingMessage): boolean {
  return method === "POST" && /^[^?]+\/(response-streaming-)?invocations(\?|$)/.test(url);
}

/** Throws `LambdaError` for what the API would refuse. */
export function lambdaRouteOf(request: IncomingMessage): Route {
  const { pathname: path, searchParams } = new URL(request.url ?? "", "http://lambda");
  const invoke = invokePath.exec(path);
  const match = invoke ?? streamPath.exec(path);
  if (match === null || request.method !== "POST")
    throw new LambdaError(
      404,
      "UnknownOperationException",
      `no operation ${request.method} ${path}`,
    );
  const { name, qualifier } = functionNameOf(match[1]!, searchParams.get("Qualifier"));
  const arn = arnOf(name, qualifier);
  const type = headerOf(request, "x-amz-invocation-type") ?? "RequestResponse";
  const kind = kindOf(type, invoke === null);
  return {
    kind,
    name,
    qualifier,
    arn,
    tenant: headerOf(request, "x-amz-tenant-id"),
    clientContext: clientContextOf(headerOf(request, "x-amz-client-context")),
    wantsLog: headerOf(request, "x-amz-log-type") === "Tail",
    execution: executionOf(headerOf(request, "x-amz-durable-execution-name"), kind),
  };
}

/** Checks the tenant: functions with tenant isolation need one, others take none. */
export function checkTenant({ tenant }: Route, isolated: boolean): void {
  if (isolated && tenant === undefined)
    throw badParameter("The function runs by tenants: the request must name a tenant ID.");
  if (!isolated && tenant !== undefined)
    throw badParameter("The function does not run by tenants: the request must name no tenant ID.");
  if (tenant !== undefined && !/^[\w.:/=+\-@ ]{1,256}$/.test(tenant))
    throw badParameter(`"${tenant}" is not a tenant ID.`);
}

function kindOf(type: string, streaming: boolean): Route["kind"] {
  if (type === "DryRun") return "dry-run";
  if (type === "RequestResponse") return streaming ? "stream" : "sync";
  if (type === "Event" && !streaming) return "event";
  throw badParameter(`Unknown invocation type: ${type}`);
}

/** Executions are begun by events here: nobody waits for one that may take days. */
function executionOf(name: string | undefined, kind: Route["kind"]): string | undefined {
  if (name === undefined || kind === "event" || kind === "dry-run") return name;
  throw badParameter(
    "A named durable execution is begun by InvocationType Event here, as kofn begins its runs.",
  );
}

export function arnOf(name: string, qualifier: string | undefined): string {
  const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  return qualifier === undefined ? arn : `${arn}:${qualifier}`;
}

/**
 * The function of a request's path: `name`, `account:function:name` or a whole ARN, each also with
 * `:qualifier` behind it. `parameter` is the request's own qualifier: two must be the same.
 */
export function functionNameOf(
  encoded: string,
  parameter: string | null = null,
): { readonly name: string; readonly qualifier: string | undefined } {
  const parts = decodedPart(encoded).split(":");
  const marker = parts.indexOf("function");
  const [name = "", suffix] =
    marker >= 0 && marker + 1 < parts.length ? parts.slice(marker + 1) : parts;
  if (suffix !== undefined && parameter !== null && suffix !== parameter)
    throw badParameter(
      "The derived qualifier from the function name does not match the specified qualifier.",
    );
  return { name, qualifier: suffix ?? parameter ?? undefined };
}

/** A part of a path. Throws `LambdaError` where it is badly encoded. */
export function decodedPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badParameter("The request's path is badly encoded.");
  }
}

function clientContextOf(base64: string | undefined): string | undefined {
  if (base64 === undefined) return undefined;
  const text = Buffer.from(base64, "base64").toString("utf8");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return JSON.stringify(value);
  } catch {
    // Refused below like any other text that is not a JSON object.
  }
  throw badParameter("Client context must be a valid Base64-encoded JSON object.");
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}
