import type { ServerResponse } from "node:http";
import { invokeComplete, payloadChunk } from "./event-stream.ts";
import type { InvocationOutcome } from "./invoke.ts";

const version = "$LATEST";

/** Answers `Invoke`. */
export function sendReply(response: ServerResponse, settled: InvocationOutcome): void {
  const headers: Record<string, string | number> = {
    "content-type": "application/json",
    "content-length": settled.bytes,
    "x-amz-executed-version": version,
  };
  if (settled.functionError !== undefined) headers["x-amz-function-error"] = settled.functionError;
  if (settled.log !== undefined) headers["x-amz-log-result"] = settled.log;
  response.cork();
  response.writeHead(200, headers);
  for (const chunk of settled.body) response.write(chunk);
  response.end();
}

/** Answers `InvokeWithResponseStream`: chunks as they come, then how it ended. */
export async function streamReply(
  response: ServerResponse,
  run: (forward: (chunk: Buffer) => void) => Promise<InvocationOutcome>,
): Promise<void> {
  const settled = await run((chunk) => write(response, payloadChunk(chunk)));
  if (settled.functionError === undefined) {
    const log = settled.log === undefined ? {} : { LogResult: settled.log };
    // What a handler returned without a stream, if anything, was forwarded like a stream's bytes.
    write(response, invokeComplete(log));
  } else {
    const details = Buffer.concat(settled.body).toString("utf8");
    write(response, invokeComplete({ ErrorCode: "Unhandled", ErrorDetails: details }));
  }
  response.end();
}

function write(response: ServerResponse, message: readonly Buffer[]): void {
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
