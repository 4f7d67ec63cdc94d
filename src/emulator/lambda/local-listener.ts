import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { RunError } from "../../core/errors.ts";

/** Answers one request. Never throws. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A server for this machine alone: bound to 127.0.0.1, and closed to pages in a browser, which can
 * reach the loopback address but are recognised by Host, Origin or Sec-Fetch-Site.
 */
export async function listenLocally(handle: RequestHandler, port = 0): Promise<LocalListener> {
  const server = createServer(
    { noDelay: true, keepAlive: true, ...patient },
    (request, response) => {
      if (isForeign(request)) {
        response.writeHead(403, { "content-type": "text/plain", connection: "close" });
        response.end("this endpoint answers programs on this machine only\n");
        return;
      }
      handle(request, response);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(portError(port, cause)));
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => closed(server),
  };
}

/**
 * Clients keep connections for as long as they like: closing an idle one races with its next use,
 * and an environment that is kept started connects long before it first asks for something.
 */
const patient = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };

export interface LocalListener {
  readonly port: number;
  /** Ends open connections as well. */
  close(): Promise<void>;
}

/** True for a request that did not come from a program that was given this address. */
export function isForeign({ headers }: IncomingMessage): boolean {
  const host = (headers.host ?? "").replace(/:\d+$/, "");
  if (!/^(127\.0\.0\.1|\[::1\]|([\w.-]+\.)?localhost)$/i.test(host)) return true;
  if (headers.origin !== undefined && !isLoopbackOrigin(headers.origin)) return true;
  const site = headers["sec-fetch-site"];
  return site !== undefined && site !== "none" && site !== "same-origin";
}

function isLoopbackOrigin(origin: string): boolean {
  return /^https?:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/i.test(origin);
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function portError(port: number, cause: Error): RunError {
  return new RunError("port-in-use", `cannot listen on 127.0.0.1:${port}: ${cause.message}`, {
    hint: "choose another port, or none for a free one",
    cause,
  });
}
