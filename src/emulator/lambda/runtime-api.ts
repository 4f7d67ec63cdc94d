import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type LocalListener, listenLocally } from "./local-listener.ts";

/** Callbacks of the process inside an environment. */
export interface RuntimeEvents {
  /** The process waits for its next event. */
  next(poll: ServerResponse): void;
  /** A reply begins; its bytes follow on `body`. False where nobody waits for it. */
  respond(requestId: string, body: IncomingMessage): boolean;
  fail(requestId: string, error: Buffer): boolean;
  initFailed(error: Buffer): void;
}

/** The event for one `/next`. */
export interface RuntimeRequest {
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly tenant: string | undefined;
  /** JSON, decoded. */
  readonly clientContext: string | undefined;
  readonly payload: Buffer;
}

const root = "/2018-06-01/runtime";

/**
 * Lambda's Runtime API for one environment. The runtime knows host and port only, so every
 * environment has a listener of its own.
 */
export function openRuntimeApi(events: RuntimeEvents): Promise<LocalListener> {
  return listenLocally((request, response) => {
    const { method, url = "" } = request;
    if (method === "GET" && url === `${root}/invocation/next`) return events.next(response);
    if (method !== "POST") return refuse(response, 404, "no such resource");
    if (url === `${root}/init/error`)
      return whole(request, (body) => {
        events.initFailed(body);
        accept(response);
      });
    const [, requestId, kind] =
      /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? [];
    if (requestId === undefined) return refuse(response, 404, "no such resource");
    if (kind === "error")
      return whole(request, (body) =>
        events.fail(requestId, body) ? accept(response) : refuse(response, 400, "unknown request"),
      );
    request.once("end", () => accept(response));
    if (!events.respond(requestId, request)) request.resume();
  });
}

/** Answers a waiting `/next`. */
export function sendEvent(poll: ServerResponse, event: RuntimeRequest): void {
  const headers: Record<string, string | number> = {
    "content-type": "application/json",
    "content-length": event.payload.length,
    "lambda-runtime-aws-request-id": event.requestId,
    "lambda-runtime-deadline-ms": Math.round(event.deadlineMs),
    "lambda-runtime-invoked-function-arn": event.functionArn,
    "lambda-runtime-trace-id": `Root=1-${event.requestId.slice(0, 8)};Sampled=0`,
  };
  if (event.tenant !== undefined) headers["lambda-runtime-aws-tenant-id"] = event.tenant;
  if (event.clientContext !== undefined)
    headers["lambda-runtime-client-context"] = event.clientContext;
  poll.writeHead(200, headers);
  poll.end(event.payload);
}

/** The error a streamed reply ended with, which comes in its trailers; undefined for none. */
export function trailingError(trailers: IncomingHttpHeaders | NodeJS.Dict<string>) {
  const type = trailers["lambda-runtime-function-error-type"];
  if (typeof type !== "string") return undefined;
  const body = trailers["lambda-runtime-function-error-body"];
  return typeof body === "string"
    ? Buffer.from(body, "base64")
    : Buffer.from(JSON.stringify({ errorType: type, errorMessage: type }));
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { "content-type": "application/json", "content-length": 16 });
  response.end('{"status":"OK"}\n');
}

function refuse(response: ServerResponse, status: number, errorMessage: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ errorType: "InvalidRequest", errorMessage }));
}

function whole(request: IncomingMessage, use: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.once("end", () => use(Buffer.concat(chunks)));
}
