import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "../../core/errors.ts";
import { type Architecture, awsLambda, functions } from "../../limits.ts";
import type { Statement } from "../iam/policy.ts";

/** A function as it is deployed: a built bundle and what the platform must know about it. */
export interface FunctionConfig {
  /** The folder that holds the bundle; it becomes the working directory. */
  readonly directory: string;
  /** `file.export`, as in "worker.handler" for `worker.mjs` or `worker.js`. */
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** One tenant an environment: every invocation must name its tenant. */
  readonly tenancy?: "PER_TENANT";
  readonly environment?: Readonly<Record<string, string>>;
  /** What its role allows; without one it may do everything. */
  readonly role?: readonly Statement[];
  readonly reservedConcurrency?: number;
  /** A version is published when it is created and whenever it is deployed again. */
  readonly publish?: boolean;
  readonly architecture?: Architecture;
  /** Each of its executions has a name, and may go on for so long. */
  readonly durable?: { readonly executionTimeoutSeconds: number };
  /**
   * Environments kept started without a tenant once a tenant has needed another than its first, so
   * that a new one costs only the bundle's load; 1 for a function with tenants, else 0.
   */
  readonly spares?: number;
  /** How many at first: with few cores, many at once would not start like a cloud's. */
  readonly sparesAtStart?: number;
  readonly idleMs?: number;
  /** The platform ends an environment, busy as it may be, after so many calls. */
  readonly recycleAfterCalls?: number;
  /**
   * A script that loads the same function for a startup snapshot: once that is taken, environments
   * start from it in place of loading the bundle.
   */
  readonly snapshot?: string;
  /** Another runtime's command, in place of kofn's own runtime client. */
  readonly bootstrap?: readonly string[];
}

/** Refuses what the platform would refuse when the function is created. */
export function checkFunction(name: string, config: FunctionConfig): void {
  const refuse = (what: string, hint: string): never => {
    throw new RunError("bad-function", `function ${name}: ${what}`, { hint });
  };
  if (!/^[\w-]{1,64}$/.test(name))
    refuse("its name is not one", "use at most 64 letters, digits, - and _");
  if (config.memoryMb < awsLambda.memoryMbMin || config.memoryMb > awsLambda.memoryMbMax)
    refuse(
      `memoryMb is ${config.memoryMb}`,
      `it lies between ${awsLambda.memoryMbMin} and ${awsLambda.memoryMbMax}`,
    );
  if (config.timeoutMs < 1 || config.timeoutMs > awsLambda.timeoutMsMax)
    refuse(`timeoutMs is ${config.timeoutMs}`, `it lies between 1 and ${awsLambda.timeoutMsMax}`);
  const variables = Object.entries(config.environment ?? {});
  const bytes = variables.reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
  if (bytes > awsLambda.environmentVariableBytesMax)
    refuse(
      `its environment variables take ${bytes} bytes`,
      `Lambda allows ${awsLambda.environmentVariableBytesMax}`,
    );
  if (config.bootstrap === undefined && bundleOf(config) === undefined)
    refuse(`no bundle for handler ${config.handler} in ${config.directory}`, "build it first");
}

/** The path of the handler's file, or undefined where there is none. */
export function bundleOf({ directory, handler }: FunctionConfig): string | undefined {
  const stem = handler.slice(0, handler.lastIndexOf("."));
  return ["mjs", "js", "cjs"]
    .map((extension) => join(directory, `${stem}.${extension}`))
    .find((path) => existsSync(path));
}

/** What every environment of a function sees, apart from its Runtime API's address. */
export function variablesOf(
  name: string,
  version: string,
  config: FunctionConfig,
): Record<string, string> {
  const variables: Record<string, string> = {
    TZ: ":UTC",
    LANG: "en_US.UTF-8",
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EXECUTION_ENV: `AWS_Lambda_${functions.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    LAMBDA_TASK_ROOT: config.directory,
    _HANDLER: config.handler,
  };
  // Windows cannot start a process without these.
  for (const key of ["SYSTEMROOT", "TEMP", "TMP", "TMPDIR"])
    if (process.env[key] !== undefined) variables[key] = process.env[key];
  return { ...variables, ...config.environment };
}
