import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { RunError } from "../core/errors.ts";
import { boundedBody } from "../wire/request-body.ts";
import type { Model } from "./model-in-hand.ts";
import {
  answerPrediction,
  type PredictionAnswer,
  refusedPrediction,
  remedied,
} from "./prediction-requests.ts";

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
      (thrown: unknown) => reply(response, refusedPrediction(thrown)),
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

async function answer(
  model: Model,
  request: IncomingMessage,
  isLocal: boolean,
): Promise<PredictionAnswer> {
  const { method = "", url = "", headers } = request;
  const named = (headers.host ?? "").replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (isLocal && !loopback.includes(named))
    return remedied(403, `the request is for ${named}`, "ask for 127.0.0.1 or localhost");
  return answerPrediction(model, {
    method,
    path: url,
    contentType: headers["content-type"] ?? "",
    body: () => boundedBody(request, bodyBytesMax),
  });
}

function reply(response: ServerResponse, { status, body }: PredictionAnswer): void {
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
