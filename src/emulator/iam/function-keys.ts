import { randomBytes } from "node:crypto";
import type { FunctionConfig } from "../lambda/function-config.ts";
import type { Identity } from "./s3-gate.ts";

type Functions = Readonly<Record<string, FunctionConfig>>;

/**
 * Keys for every function that has a role: drawn anew each time, put into its environment, and
 * known to S3 as that role's.
 */
export function withKeys(functions: Functions): {
  readonly functions: Functions;
  readonly identities: ReadonlyMap<string, Identity>;
} {
  const identities = new Map<string, Identity>();
  const entries = Object.entries(functions).map(([name, config]) => {
    const { role } = config;
    if (role === undefined) return [name, config] as const;
    const accessKeyId = `AKIA${randomBytes(8).toString("hex").toUpperCase()}`;
    const secretAccessKey = randomBytes(30).toString("base64url");
    const arn = `arn:aws:sts::000000000000:assumed-role/${name}/${name}`;
    identities.set(accessKeyId, { secretAccessKey, arn, statements: role });
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    return [name, { ...config, environment: { ...config.environment, ...keys } }] as const;
  });
  return { functions: Object.fromEntries(entries), identities };
}
