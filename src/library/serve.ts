import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { RunError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { boundedBody } from "../wire/request-body.ts";
import type { Model } from "./model.ts";
import type { RowSource } from "./row-source.ts";

export interface ServeOptions {
  /** 127.0.0.1 where absent: this machine alone. */
  readonly host?: string;
  /** 8080 where absent; 0 for any that is free. */
  readonly port?: number;
}

/** A predictor that answers until it is closed. */
export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

const bodyBytesMax = 16 * 1024 * 1024;
const loopback = ["127.0.0.1", "localhost", "::1"];

/**
 * Answers predictions over HTTP: `GET /` tells what the model is, `POST /predict` takes JSON, an
 * array of rows or `{ "rows": [...] }`, and answers `{ "predictions": [...] }`. What is wrong with
 * rows is told with status 400. On loopback only requests that name this machine are answered, so
 * that no web page can reach the model by a name of its own.
 */
export async function serve(model: Model, options: ServeOptions = {}): Promise<Served> {
  const { host = "127.0.0.1", port = 8080 } = options;
  const isLocal = loopback.includes(host);
  const server = createServer((request, response) => {
    void answer(model, request, isLocal).then(
      (answered) => reply(response, answered),
      (thrown: unknown) => reply(response, refusalOf(thrown)),
    );
  });
  server.listen(port, host);
  await Promise.race([once(server, "listening"), once(server, "error").then(refuseListening)]);
  const bound = (server.address() as AddressInfo).port;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${bound}`,
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

async function answer(model: Model, request: IncomingMessage, isLocal: boolean): Promise<Answer> {
  const named = (request.headers.host ?? "").replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (isLocal && !loopback.includes(named))
    return told(403, `the request is for ${named}`, "ask for 127.0.0.1 or localhost");
  const { run, columns, classes, example } = model;
  if (request.method === "GET" && request.url === "/")
    return { status: 200, body: { run, columns, classes, example } };
  if (request.url !== "/predict")
    return told(
      404,
      `there is nothing at ${request.url}`,
      "POST rows to /predict; GET / tells more",
    );
  if (request.method !== "POST")
    return told(405, `${request.method}: expected POST`, "POST rows as JSON to /predict");
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
    return told(415, "the rows are not JSON", "send them with content-type: application/json");
  const bytes = await boundedBody(request, bodyBytesMax);
  if (bytes === null)
    return told(413, `more than ${bodyBytesMax} bytes`, "send fewer rows at a time");
  const body = parseJson<RowSource | { readonly rows: RowSource } | null>(bytes, "the request");
  const rows = Array.isArray(body) ? body : (body as { rows?: RowSource } | null)?.rows;
  if (!Array.isArray(rows))
    return told(400, "there are no rows", 'send [{...}, ...] or { "rows": [{...}, ...] }');
  return { status: 200, body: { predictions: await model.predict(rows) } };
}

function told(status: number, error: string, hint: string): Answer {
  return { status, body: { error, hint } };
}

/** A fault of ours is told as one, and nothing of it but its message. */
function refusalOf(thrown: unknown): Answer {
  if (thrown instanceof RunError) return told(400, thrown.message, thrown.hint ?? "");
  return told(500, "a fault in kofn", "its log says more");
}

function reply(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}

function refuseListening([cause]: unknown[]): never {
  const { code = "", port } = cause as NodeJS.ErrnoException & { port?: number };
  throw new RunError("bad-option", `--port: ${port}: cannot be listened on (${code})`, {
    hint: "choose another port, or 0 for any that is free",
    cause,
  });
}
