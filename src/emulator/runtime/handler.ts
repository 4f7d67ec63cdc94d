import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Invocation } from "./runtime-client.ts";

/** Imports `file.export` from a bundle's folder. Throws errors named as Lambda names them. */
export async function loadHandler(root: string, handler: string): Promise<never> {
  installAwslambda();
  const dot = handler.lastIndexOf(".");
  const stem = join(root, handler.slice(0, dot));
  const path = [".mjs", ".js", ".cjs"].map((end) => stem + end).find((file) => existsSync(file));
  if (path === undefined)
    throw named(
      "Runtime.ImportModuleError",
      `Error: Cannot find module '${handler.slice(0, dot)}'`,
    );
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const name = handler.slice(dot + 1);
  const handle = module[name] ?? (module.default as Record<string, unknown> | undefined)?.[name];
  if (typeof handle !== "function")
    throw named("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  return handle as never;
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

/** How Lambda's runtime knows a handler that writes its reply to a stream. */
export const streamingMark: unique symbol = Symbol.for("aws.lambda.runtime.handler.streaming");

/** The global object that bundles use to mark streaming handlers, as on Lambda. */
export function installAwslambda(): void {
  Object.defineProperty(globalThis, "awslambda", {
    // Writable as on Lambda: the AWS SDK assigns it to itself.
    writable: true,
    value: {
      streamifyResponse(handler: object): object {
        Reflect.set(handler, streamingMark, "response");
        return handler;
      },
    },
    configurable: true,
  });
}

/** The second argument of every handler, as Lambda's Node runtime makes it. */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly tenantId: string | undefined;
  readonly clientContext: unknown;
  callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
}

export function contextOf(invocation: Invocation): LambdaContext {
  const { env } = process;
  return {
    awsRequestId: invocation.requestId,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME ?? "",
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION ?? "",
    invokedFunctionArn: invocation.functionArn,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? "",
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME ?? "",
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME ?? "",
    tenantId: invocation.tenantId,
    clientContext:
      invocation.clientContext === undefined ? undefined : JSON.parse(invocation.clientContext),
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, invocation.deadlineMs - Date.now()),
  };
}
