import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { RunError } from "../core/errors.ts";
import type { HomeOptions } from "../platform/training/open-run.ts";
import { refusalOfRequest } from "./guard.ts";
import { type AskWhatIf, answerRequest, type Site } from "./routes.ts";

export interface UiOptions extends HomeOptions {
  /** 0 or absent for any that is free. */
  readonly port?: number;
  /** Between two looks into the store. */
  readonly pollMs?: number;
  /** Goes on with a stopped run, in another process. Returns why that failed, or an empty text. */
  readonly resume: (run: string) => Promise<string>;
  readonly whatIf: AskWhatIf;
}

/** The live page's server. */
export interface UiServer {
  /** The address of a page, as in `/run/NAME`, with the token that lets in. */
  address(path: string): string;
  /** Pages that follow runs now. */
  connections(): number;
  close(): Promise<void>;
}

/** A look into a bucket is paid for. */
const pollMsUsual = { home: 500, stage: 2_000 };

/** Serves the live page of a home or a stage, to this machine alone, until it is closed. */
export async function openUi(options: UiOptions): Promise<UiServer> {
  const token = randomBytes(18).toString("base64url");
  const usual = options.stage === undefined ? pollMsUsual.home : pollMsUsual.stage;
  const { home, stage, resume, whatIf, pollMs = usual } = options;
  const site: Site = {
    at: { home, stage },
    pollMs,
    ...{ resume, whatIf },
    streams: new Set(),
    problems: new Map(),
    whatIfs: new Map(),
  };
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    void answerGuarded(site, { token, port }, request, response);
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await Promise.race([once(server, "listening"), once(server, "error").then(refusePort)]);
  const { port } = server.address() as AddressInfo;
  return {
    address: (path) => `http://127.0.0.1:${port}${path}?token=${token}`,
    connections: () => site.streams.size,
    async close() {
      for (const stream of site.streams) stream.abort();
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
}

async function answerGuarded(
  site: Site,
  { token, port }: { readonly token: string; readonly port: number },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A path of its own that begins with two slashes would be taken for a host.
  const url = new URL(`http://127.0.0.1${(request.url ?? "/").replace(/^\/+/, "/")}`);
  const given = url.searchParams.get("token");
  const refusal = refusalOfRequest(request, { expected: token, given }, port);
  try {
    if (refusal !== null) say(response, refusal.status, refusal.reason);
    else await answerRequest(site, url, request, response);
  } catch (thrown) {
    // A fault of ours is told as one, and nothing of it but that.
    const isOurs = !(thrown instanceof RunError);
    if (response.headersSent) response.destroy();
    else if (isOurs) say(response, 500, "a fault in kofn");
    else say(response, 400, `${thrown.message} (${thrown.hint ?? ""})`);
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${text}\n`);
}

function refusePort([cause]: unknown[]): never {
  const { code = "", port } = cause as NodeJS.ErrnoException & { port?: number };
  throw new RunError("bad-option", `--port: ${port}: cannot be listened on (${code})`, {
    hint: "choose another port, or 0 for any that is free",
    cause,
  });
}
