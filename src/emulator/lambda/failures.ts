import type { ServerResponse } from "node:http";
import { awsLambda } from "../../limits.ts";

/** A refusal as the Lambda API words it: the invocation did not take place. */
export class LambdaError extends Error {
  readonly status: number;
  readonly type: string;
  readonly more: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    type: string,
    message: string,
    more: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = type;
    this.status = status;
    this.type = type;
    this.more = more;
    this.headers = headers;
  }
}

/** Sends a refusal; the connection is closed where the request was not read to its end. */
export function sendError(response: ServerResponse, error: LambdaError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({
    Type: error.status < 500 ? "User" : "Service",
    Message: error.message,
    message: error.message,
    ...error.more,
  });
  response.writeHead(error.status, {
    "content-type": "application/json",
    "x-amzn-errortype": error.type,
    ...error.headers,
    ...(error.status === 413 ? { connection: "close" } : {}),
  });
  response.end(body);
}

export const noFunction = (arn: string) =>
  new LambdaError(404, "ResourceNotFoundException", `Function not found: ${arn}`);

export const badParameter = (message: string) =>
  new LambdaError(400, "InvalidParameterValueException", message);

export const notJson = (cause: string) =>
  new LambdaError(
    400,
    "InvalidRequestContentException",
    `Could not parse request body into json: ${cause}`,
  );

export const tooLarge = (bytesMax: number) =>
  new LambdaError(
    413,
    "RequestTooLargeException",
    `Request must be smaller than ${bytesMax} bytes for the InvokeFunction operation`,
  );

export const throttled = (reason: string, message = "Rate Exceeded.", retryAfterSeconds?: number) =>
  new LambdaError(
    429,
    "TooManyRequestsException",
    message,
    { Reason: reason },
    retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) },
  );

/** Why an environment gave no reply: Lambda's function errors by type, with their message. */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
}

export function timedOut(requestId: string, timeoutMs: number): FunctionFailure {
  const seconds = (timeoutMs / 1000).toFixed(2);
  return {
    errorType: "Sandbox.Timedout",
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
  };
}

export function replyTooLarge(bytes: number): FunctionFailure {
  const allowed = `maximum allowed payload size (${awsLambda.syncPayloadBytesMax} bytes)`;
  return {
    errorType: "Function.ResponseSizeTooLarge",
    errorMessage: `Response payload size (${bytes} bytes) exceeded ${allowed}.`,
  };
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly outOfMemory: boolean;
}

export function exited(requestId: string, exit: Exit): FunctionFailure {
  const how =
    exit.signal === null ? `exit status ${exit.code}` : `signal: ${signalWords(exit.signal)}`;
  return {
    errorType: exit.outOfMemory ? "Runtime.OutOfMemory" : "Runtime.ExitError",
    errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${how}`,
  };
}

function signalWords(signal: NodeJS.Signals): string {
  if (signal === "SIGKILL") return "killed";
  if (signal === "SIGABRT") return "aborted";
  if (signal === "SIGSEGV") return "segmentation fault";
  return signal.slice(3).toLowerCase();
}
