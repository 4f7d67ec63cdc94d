import type { ServerResponse } from "node:http";
import { crc32 } from "node:zlib";
import type { InvocationOutcome } from "./invoke.ts";

/** Answers `Invoke`. */
export function sendReply(
  response: ServerResponse,
  outcome: InvocationOutcome,
  version: string,
): void {
  const headers: Record<string, string | number> = {
    "content-type": "application/json",
    "content-length": outcome.bytes,
    "x-amz-executed-version": version,
  };
  if (outcome.functionError !== undefined) headers["x-amz-function-error"] = outcome.functionError;
  if (outcome.log !== undefined) headers["x-amz-log-result"] = outcome.log;
  response.cork();
  response.writeHead(200, headers);
  for (const chunk of outcome.body) response.write(chunk);
  response.end();
}

/** Answers `InvokeWithResponseStream`: chunks as they come, then how it ended. */
export async function streamReply(
  response: ServerResponse,
  run: (forward: (chunk: Buffer) => void) => Promise<InvocationOutcome>,
  version: string,
): Promise<void> {
  const write = (message: readonly Buffer[]) => writeMessage(response, message, version);
  const outcome = await run((chunk) => write(payloadChunk(chunk)));
  if (outcome.functionError === undefined) {
    const log = outcome.log === undefined ? {} : { LogResult: outcome.log };
    // What a handler returned without a stream, if anything, was forwarded like a stream's bytes.
    write(invokeComplete(log));
  } else {
    const details = Buffer.concat(outcome.body).toString("utf8");
    write(invokeComplete({ ErrorCode: "Unhandled", ErrorDetails: details }));
  }
  response.end();
}

function writeMessage(response: ServerResponse, message: readonly Buffer[], version: string): void {
  if (response.destroyed) return;
  if (!response.headersSent)
    response.writeHead(200, {
      "content-type": "application/vnd.amazon.eventstream",
      "x-amz-executed-version": version,
      "x-amzn-remapped-content-type": "application/octet-stream",
    });
  response.cork();
  for (const part of message) response.write(part);
  response.uncork();
}

/**
 * One message of `application/vnd.amazon.eventstream`: lengths, their CRC, headers, payload, and a
 * CRC over all of it.
 */
export function eventMessage(eventType: string, contentType: string, payload: Buffer): Buffer[] {
  const headers = Buffer.concat([
    header(":message-type", "event"),
    header(":event-type", eventType),
    header(":content-type", contentType),
  ]);
  const head = Buffer.alloc(12 + headers.length);
  head.writeUInt32BE(16 + headers.length + payload.length, 0);
  head.writeUInt32BE(headers.length, 4);
  head.writeUInt32BE(crc32(head.subarray(0, 8)), 8);
  headers.copy(head, 12);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(payload, crc32(head)), 0);
  return [head, payload, tail];
}

export const payloadChunk = (chunk: Buffer): Buffer[] =>
  eventMessage("PayloadChunk", "application/octet-stream", chunk);

/** The last message of a streamed reply. */
export function invokeComplete(outcome: {
  readonly ErrorCode?: string;
  readonly ErrorDetails?: string;
  readonly LogResult?: string;
}): Buffer[] {
  return eventMessage("InvokeComplete", "application/json", Buffer.from(JSON.stringify(outcome)));
}

function header(name: string, value: string): Buffer {
  const bytes = Buffer.alloc(4 + name.length + value.length);
  bytes.writeUInt8(name.length, 0);
  bytes.write(name, 1, "latin1");
  bytes.writeUInt8(7, 1 + name.length);
  bytes.writeUInt16BE(value.length, 2 + name.length);
  bytes.write(value, 4 + name.length, "latin1");
  return bytes;
}
