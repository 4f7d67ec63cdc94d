import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { openDataSource } from "../../../src/platform/open-source.ts";

/** A file as a server gives it out, and what is the matter with it. */
export interface Recorded {
  readonly body?: string | Uint8Array;
  /** In the place of `"v1"`; null: none. */
  etag?: string | null;
  readonly status?: number;
  readonly location?: string;
  /** It takes no ranges. */
  readonly isWhole?: true;
  /** Connections break after so many bytes of a body, while any are left. */
  readonly breaks?: { after: number; left: number };
  /** More comes than was asked for. */
  readonly isTooMuch?: true;
  /** Answers that it is busy so often first. */
  busy?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What else happens when it is asked for. */
  readonly onRequest?: (of: Recorded) => void;
}

export interface RecordedServer {
  readonly origin: string;
  /** Paths and ranges that were asked for. */
  readonly asked: string[];
  /** With each of them, who was said to ask: nobody, or an authorization. */
  readonly askedBy: string[];
  readonly open: typeof openDataSource;
  close(): Promise<void>;
}

/** A web server on this machine that answers as was recorded. */
export async function recordedServer(
  files: Readonly<Record<string, Recorded>>,
): Promise<RecordedServer> {
  const asked: string[] = [];
  const askedBy: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    asked.push(`${pathname} ${request.headers.range ?? "whole"}`);
    askedBy.push(request.headers.authorization ?? "nobody");
    const of = files[pathname];
    of?.onRequest?.(of);
    answer(of, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    askedBy,
    open: openDataSource,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  of: Recorded | undefined,
  { headers }: IncomingMessage,
  response: ServerResponse,
): void {
  if (of === undefined) return void response.writeHead(404).end("nothing");
  if (of.busy !== undefined && of.busy > 0) {
    of.busy--;
    return void response.writeHead(503, { "retry-after": "0" }).end();
  }
  if (of.location !== undefined)
    return void response.writeHead(302, { location: of.location }).end();
  if (of.status !== undefined) return void response.writeHead(of.status).end();
  const body = Buffer.from(of.body ?? "");
  const tag = of.etag === null ? {} : { etag: of.etag ?? '"v1"' };
  const range = of.isWhole === true ? null : /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
  const [from, end] = range === null ? [0, body.length] : [Number(range[1]), Number(range[2]) + 1];
  const part = of.isTooMuch === true ? body : body.subarray(from, end);
  const about = {
    ...tag,
    "content-length": String(part.length),
    ...(range === null ? {} : { "content-range": `bytes ${from}-${end - 1}/${body.length}` }),
    ...of.headers,
  };
  response.writeHead(range === null ? 200 : 206, about);
  const { breaks } = of;
  if (breaks === undefined || breaks.left === 0 || part.length <= breaks.after)
    return void response.end(part);
  breaks.left--;
  response.write(part.subarray(0, breaks.after), () => response.destroy());
}
