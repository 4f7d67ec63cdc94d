import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ObjectFacts, readPieces } from "./object-file.ts";
import type { S3Request } from "./request.ts";
import type { S3Error } from "./s3-error.ts";
import { toXml } from "./xml.ts";

/** An answer: text, nothing, or a stretch of an open file, which whoever sends it closes. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly xml?: string;
  readonly json?: string;
  readonly stretch?: { readonly file: FileHandle; readonly from: number; readonly to: number };
}

export const quoted = (etag: string) => `"${etag}"`;

/** Whose everything here is. */
export const owner = { ID: "kofn" };

/** The headers that describe an object in a reply to GET, HEAD. */
export function describing(facts: ObjectFacts): Record<string, string> {
  return {
    ...facts.headers,
    etag: quoted(facts.etag),
    "last-modified": new Date(facts.modifiedMs).toUTCString(),
    "accept-ranges": "bytes",
    ...(facts.storageClass && { "x-amz-storage-class": facts.storageClass }),
    ...(facts.tags && { "x-amz-tagging-count": String(Object.keys(facts.tags).length) }),
  };
}

/** The stored checksum as headers; a reader is given it where it asked. */
export function checksumHeaders(facts: ObjectFacts): Record<string, string> {
  if (facts.checksum === undefined) return {};
  const { name, base64, type } = facts.checksum;
  return { [`x-amz-checksum-${name}`]: base64, "x-amz-checksum-type": type };
}

export function errorReply(error: S3Error, request: S3Request | undefined, id: string): Reply {
  if (request?.method === "HEAD" || error.status === 304)
    return { status: error.status, headers: error.headers };
  const xml = toXml(
    "Error",
    {
      Code: error.code,
      Message: error.message,
      ...error.details,
      Resource: request?.path ?? "",
      RequestId: id,
      HostId: "kofn",
    },
    false,
  );
  return { status: error.status, headers: error.headers, xml };
}

/** Sends a reply; `onBytes` counts the body. Returns when all of it is handed to the system. */
export async function sendS3Reply(
  response: ServerResponse,
  reply: Reply,
  id: string,
  onBytes: (count: number) => void,
): Promise<void> {
  const { stretch } = reply;
  try {
    response.statusCode = reply.status;
    response.setHeader("x-amz-request-id", id);
    response.setHeader("server", "kofn");
    for (const [name, value] of Object.entries(reply.headers ?? {}))
      response.setHeader(name, value);
    const text = reply.xml ?? reply.json;
    if (text !== undefined) {
      const body = Buffer.from(text);
      const type = reply.xml === undefined ? "application/json" : "application/xml";
      response.setHeader("content-type", type);
      response.setHeader("content-length", body.length);
      onBytes(body.length);
      response.end(body);
      return;
    }
    if (stretch === undefined) {
      response.end();
      return;
    }
    for await (const piece of readPieces(stretch.file, stretch.from, stretch.to)) {
      if (response.destroyed) return;
      onBytes(piece.length);
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  } finally {
    await stretch?.file.close();
  }
}

/** As `send`, but the connection breaks in the middle of the body. */
export async function sendHalf(
  message: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  id: string,
  onBytes: (count: number) => void,
): Promise<void> {
  const { stretch } = reply;
  const text = reply.xml ?? reply.json ?? "";
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(stretch === undefined && { "content-length": Buffer.byteLength(text) }),
    "x-amz-request-id": id,
  });
  const half =
    stretch === undefined
      ? [Buffer.from(text).subarray(0, text.length / 2)]
      : readPieces(stretch.file, stretch.from, Math.floor((stretch.from + stretch.to) / 2));
  try {
    for await (const piece of half) {
      onBytes(piece.length);
      await new Promise<void>((resolve) => response.write(piece, () => resolve()));
    }
  } finally {
    await stretch?.file.close();
    message.socket.destroy();
  }
}

/** A reader who went away never drains; the closed connection ends the wait as well. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  const waiting = new AbortController();
  const options = { signal: waiting.signal };
  try {
    await Promise.race([once(response, "drain", options), once(response, "close", options)]);
  } finally {
    waiting.abort();
  }
}
