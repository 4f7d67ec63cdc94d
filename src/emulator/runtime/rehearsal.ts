import { type AddressInfo, createServer, type Socket } from "node:net";
import { crc32 } from "node:zlib";
import { assert } from "../../core/errors.ts";
import { localRegion } from "../iam/identity.ts";
import { openRuntimeClient } from "./runtime-client.ts";
import { type Handler, serve } from "./serve.ts";

/** One event of a function's, and the objects that its handler reads from S3. */
export interface Rehearsal {
  /** JSON text. */
  readonly event: string;
  /** Base64, by key. */
  readonly objects: Readonly<Record<string, string>>;
}

const deadlineMs = 60_000;

/**
 * Lets a function answer one event before it is needed, from a server that plays the Runtime API
 * and S3, so that what it runs through is compiled. Leaves nothing open behind.
 */
export async function rehearse(load: () => Handler, { event, objects }: Rehearsal): Promise<void> {
  let replies = 0;
  const listener = createServer((socket) =>
    answerAll(socket, (method, path) => {
      if (method === "POST") {
        if (path.endsWith("/response")) replies++;
        return message("202 Accepted", {}, "");
      }
      return path.endsWith("/invocation/next") ? invocation(event) : object(path, objects);
    }),
  );
  const sockets = new Set<Socket>();
  listener.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const restore = replaced(process.env as Record<string, unknown>, {
    AWS_REGION: localRegion,
    AWS_ACCESS_KEY_ID: "rehearsal",
    AWS_SECRET_ACCESS_KEY: "rehearsal",
    AWS_ENDPOINT_URL_S3: `http://${address}`,
  });
  // Absent while Node takes a snapshot.
  const shared = (globalThis as { SharedArrayBuffer?: unknown }).SharedArrayBuffer ?? ArrayBuffer;
  const restoreGlobals = replaced(globalThis as never, { SharedArrayBuffer: shared });
  const allowDraws = withoutDraws();
  await serve(openRuntimeClient(address), { handler: load(), events: 1 });
  allowDraws();
  restoreGlobals();
  restore();
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => void listener.close(() => resolve()));
  assert(replies === 1, "a rehearsed event is answered");
}

/**
 * Refuses those draws for which Node keeps random bytes ahead: every environment that starts from
 * the snapshot would draw the same. What it returns allows them again.
 */
function withoutDraws(): () => void {
  const crypto = process.getBuiltinModule("node:crypto") as unknown as Record<string, unknown>;
  const refuse = () => {
    throw new Error("a rehearsed event draws nothing at random");
  };
  const allow = replaced(crypto, { randomUUID: refuse, randomInt: refuse });
  const global = Object.getOwnPropertyDescriptor(globalThis, "crypto")!;
  Object.defineProperty(globalThis, "crypto", { get: refuse, configurable: true });
  return () => {
    Object.defineProperty(globalThis, "crypto", global);
    allow();
  };
}

/** Puts values in the place of others; what it returns puts those back. */
function replaced(
  target: Record<string, unknown>,
  values: Readonly<Record<string, unknown>>,
): () => void {
  const before = Object.keys(values).map((key) => [key, target[key]] as const);
  for (const [key, value] of Object.entries(values)) target[key] = value;
  return () => {
    for (const [key, value] of before)
      if (value === undefined) delete target[key];
      else target[key] = value;
  };
}

/** Answers each whole request of a connection. Node's own server cannot be part of a snapshot. */
function answerAll(socket: Socket, reply: (method: string, path: string) => Buffer): void {
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    if (!isWhole(text)) return;
    const [method, path] = text.split(" ");
    text = "";
    socket.write(reply(method!, path!));
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  if (/transfer-encoding: chunked/i.test(text.slice(0, end))) return text.endsWith("0\r\n\r\n");
  const [, length] = /content-length: (\d+)/i.exec(text.slice(0, end)) ?? [];
  return text.length >= end + 4 + Number(length ?? 0);
}

function invocation(event: string): Buffer {
  const context = JSON.stringify({ custom: { task: "rehearsal", slot: 0 } });
  const headers = {
    "lambda-runtime-aws-request-id": "rehearsal",
    "lambda-runtime-invoked-function-arn": "rehearsal",
    "lambda-runtime-deadline-ms": Date.now() + deadlineMs,
    "lambda-runtime-aws-tenant-id": "0",
    "lambda-runtime-client-context": context,
  };
  return message("200 OK", headers, event);
}

function object(path: string, objects: Rehearsal["objects"]): Buffer {
  const key = decodeURIComponent(path.split("/").slice(2).join("/"));
  const encoded = objects[key];
  assert(encoded !== undefined, "a rehearsed event reads what it read before");
  const body = Buffer.from(encoded, "base64");
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return message("200 OK", { "x-amz-checksum-crc32": checksum.toString("base64") }, body);
}

function message(
  status: string,
  headers: Readonly<Record<string, string | number>>,
  body: string | Buffer,
): Buffer {
  const bytes = Buffer.from(body as string);
  const all = Object.entries({ ...headers, "content-length": bytes.length });
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join("")}\r\n`), bytes]);
}
