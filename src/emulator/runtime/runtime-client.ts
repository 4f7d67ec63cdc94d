import { connectPlain, type PlainReply, wholeBody } from "../../wire/plain-http.ts";
import { parseEvent } from "./event-json.ts";
import { type ErrorReport, type StreamedReply, streamedReply } from "./streamed-reply.ts";

/** One event, as `/next` gave it. */
export interface Invocation {
  readonly requestId: string;
  readonly functionArn: string;
  readonly deadlineMs: number;
  readonly tenantId: string | undefined;
  /** JSON text. */
  readonly clientContext: string | undefined;
  event(): unknown;
}

/** The Runtime API from inside: every promise ends with the API's answer. */
export interface RuntimeClient {
  next(): Promise<Invocation>;
  respond(requestId: string, reply: string): Promise<void>;
  fail(requestId: string, error: ErrorReport): Promise<void>;
  failInit(error: ErrorReport): Promise<void>;
  stream(requestId: string): StreamedReply;
}

const root = "/2018-06-01/runtime";
const errorTrailers = "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body";

export function openRuntimeClient(address: string): RuntimeClient {
  const [host = "127.0.0.1", port] = address.split(":");
  const connection = connectPlain(host, Number(port));
  const head = (method: string, path: string, headers: Record<string, string | number>) => {
    const lines = Object.entries({ host: address, ...headers }).map((pair) => pair.join(": "));
    return `${method} ${root}${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  };
  const post = async (path: string, body: Buffer, headers: Record<string, string> = {}) => {
    const all = { "content-type": "application/json", "content-length": body.length, ...headers };
    accepted(await connection.request(head("POST", path, all), body));
  };
  const fail = (path: string, error: ErrorReport) =>
    post(path, Buffer.from(JSON.stringify(error)), {
      "lambda-runtime-function-error-type": error.errorType.replace(/[^\w.]/g, "_"),
    });
  const streaming = {
    "content-type": "application/octet-stream",
    "lambda-runtime-function-response-mode": "streaming",
  };
  return {
    async next() {
      const reply = accepted(await connection.request(head("GET", "/invocation/next", {})));
      return {
        requestId: reply.headers["lambda-runtime-aws-request-id"] ?? "",
        functionArn: reply.headers["lambda-runtime-invoked-function-arn"] ?? "",
        deadlineMs: Number(reply.headers["lambda-runtime-deadline-ms"]),
        tenantId: reply.headers["lambda-runtime-aws-tenant-id"],
        clientContext: reply.headers["lambda-runtime-client-context"],
        event: () => parseEvent(wholeBody(reply)),
      };
    },
    respond: (requestId, reply) => post(`/invocation/${requestId}/response`, Buffer.from(reply)),
    fail: (requestId, error) => fail(`/invocation/${requestId}/error`, error),
    failInit: (error) => fail("/init/error", error),
    stream(requestId) {
      const path = `/invocation/${requestId}/response`;
      return streamedReply(connection, {
        whole: (bytes) => post(path, bytes, streaming),
        head: head("POST", path, {
          ...streaming,
          "transfer-encoding": "chunked",
          trailer: errorTrailers,
        }),
        fail: (error) => fail(`/invocation/${requestId}/error`, error),
      });
    },
  };
}

function accepted(reply: PlainReply): PlainReply {
  if (reply.status < 300) return reply;
  throw new Error(`Runtime API answered ${reply.status}: ${wholeBody(reply)}`);
}

/** What was thrown, as Lambda's runtime reports it. */
export function errorReport(thrown: unknown): ErrorReport {
  if (!(thrown instanceof Error))
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return {
    errorType: thrown.name,
    errorMessage: thrown.message,
    trace: (thrown.stack ?? "").split("\n"),
  };
}
