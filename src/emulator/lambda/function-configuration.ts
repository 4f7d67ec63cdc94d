import { functions } from "../../limits.ts";
import type { FunctionVersion } from "./function-versions.ts";
import { arnOf } from "./route.ts";

/**
 * A `FunctionConfiguration`, as far as it is known here. What the platform itself puts into a
 * function's environment, such as its keys, is not shown.
 */
export function configurationOf(name: string, { version, config }: FunctionVersion): object {
  const variables = Object.entries(config.environment ?? {});
  return {
    FunctionName: name,
    FunctionArn: arnOf(name, version),
    Version: version,
    Runtime: functions.runtime,
    Role: `arn:aws:iam::000000000000:role/${name}`,
    Handler: config.handler,
    MemorySize: config.memoryMb,
    Timeout: Math.ceil(config.timeoutMs / 1000),
    Architectures: [config.architecture ?? "x86_64"],
    Environment: {
      Variables: Object.fromEntries(variables.filter(([key]) => !key.startsWith("AWS_"))),
    },
    ...(config.tenancy && { TenancyConfig: { TenantIsolationMode: config.tenancy } }),
    State: "Active",
  };
}
