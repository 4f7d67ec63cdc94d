import { Agent, type ClientRequest, type IncomingMessage, request as open } from "node:http";
import { Writable } from "node:stream";
import type { ErrorReport } from "./report-error.ts";

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

export interface StreamedReply {
  readonly writable: Writable;
  /** After the stream has ended and its bytes were taken. */
  finished(): Promise<void>;
  /** Ends a reply that has begun by an error in its trailers, another one by an error alone. */
  fail(error: ErrorReport): Promise<void>;
}

const root = "/2018-06-01/runtime";

export function openRuntimeClient(address: string): RuntimeClient {
  const [host, port] = address.split(":");
  // Two sockets: an answer's trailing bytes never hold up the next poll.
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const begin = (method: string, path: string, headers: Record<string, string>) =>
    open({ host, port, method, path: root + path, headers, agent });
  const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
    const request = begin("POST", path, { "content-type": "application/json", ...headers });
    request.end(body);
    await drained(request);
  };
  const fail = (path: string, error: ErrorReport) =>
    post(path, JSON.stringify(error), { "lambda-runtime-function-error-type": error.errorType });
  return {
    async next() {
      const request = begin("GET", "/invocation/next", {});
      request.end();
      const { headers, body } = await drained(request);
      return {
        requestId: String(headers["lambda-runtime-aws-request-id"]),
        functionArn: String(headers["lambda-runtime-invoked-function-arn"]),
        deadlineMs: Number(headers["lambda-runtime-deadline-ms"]),
        tenantId: headers["lambda-runtime-aws-tenant-id"] as string | undefined,
        clientContext: headers["lambda-runtime-client-context"] as string | undefined,
        event: () => JSON.parse(body.toString("utf8")),
      };
    },
    respond: (requestId, reply) => post(`/invocation/${requestId}/response`, reply),
    fail: (requestId, error) => fail(`/invocation/${requestId}/error`, error),
    failInit: (error) => fail("/init/error", error),
    stream: (requestId) =>
      streamedReply(
        () =>
          begin("POST", `/invocation/${requestId}/response`, {
            "content-type": "application/octet-stream",
            "lambda-runtime-function-response-mode": "streaming",
            "transfer-encoding": "chunked",
            trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
          }),
        (error) => fail(`/invocation/${requestId}/error`, error),
      ),
  };
}

function streamedReply(
  begin: () => ClientRequest,
  failAlone: (error: ErrorReport) => Promise<void>,
): StreamedReply {
  let request: ClientRequest | undefined;
  let taken: Promise<unknown> | undefined;
  const started = () => {
    if (request === undefined) {
      request = begin();
      taken = drained(request);
      // The one who waits for `finished` hears of a failure; a handler that never ends does not.
      taken.catch(() => {});
    }
    return request;
  };
  const writable = new Writable({
    highWaterMark: 1 << 20,
    write: (chunk: Buffer, _encoding, done) => {
      if (started().write(chunk)) done();
      else started().once("drain", done);
    },
    final: (done) => {
      started().end(done);
    },
  });
  // Bundles may name the type of what they write; the local platform has no use for it.
  Object.assign(writable, { setContentType: () => {} });
  const ended = new Promise<void>((resolve, reject) => {
    writable.once("finish", resolve);
    writable.once("error", reject);
  });
  ended.catch(() => {});
  return {
    writable,
    async finished() {
      await ended;
      await taken;
    },
    async fail(error) {
      if (request === undefined) return failAlone(error);
      request.addTrailers({
        "lambda-runtime-function-error-type": error.errorType,
        "lambda-runtime-function-error-body": Buffer.from(JSON.stringify(error)).toString("base64"),
      });
      request.end();
      await taken;
    },
  };
}

function drained(
  request: ClientRequest,
): Promise<{ headers: IncomingMessage["headers"]; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
        if (response.statusCode! < 300) resolve({ headers: response.headers, body });
        else reject(new Error(`Runtime API answered ${response.statusCode}: ${body}`));
      });
    });
  });
}
