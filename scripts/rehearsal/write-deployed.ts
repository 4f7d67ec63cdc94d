import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Statement } from "../../src/emulator/iam/policy.ts";
import { installPlatform, type Rehearsal, rehearse } from "./rehearse.ts";

const platform = join(import.meta.dirname, "../../src/platform");
export const deployedPath = join(platform, "cloud/deployed.ts");
export const rolesPath = join(platform, "local/deployed-roles.ts");

/** A function as `infra/` deploys it, in the emulator's terms. */
export interface DeployedFunction {
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly architecture: string;
  readonly tenancy?: string;
  readonly reservedConcurrency?: number;
  /** Each deployment publishes a version of it. */
  readonly publish?: true;
  readonly durable?: { readonly executionTimeoutSeconds: number };
  /** Names of its environment variables, SST's own left out. */
  readonly variables: readonly string[];
}

/** The deployed functions by their names in lower case, out of a rehearsal. */
export function functionsOf({ resources }: Rehearsal): Record<string, DeployedFunction> {
  const found = resources
    .filter(({ type }) => type === "aws:lambda/function:Function")
    .map(({ name, inputs }) => {
      const { handler, memorySize, timeout, architectures, environment } = inputs as unknown as {
        handler: string;
        memorySize: number;
        timeout: number;
        architectures: string[];
        environment: { variables: Record<string, string> };
      };
      const tenancy = (inputs.tenancyConfig as { tenantIsolationMode: string } | undefined)
        ?.tenantIsolationMode;
      const reserved = inputs.reservedConcurrentExecutions as number | undefined;
      const durable = inputs.durableConfig as { executionTimeout: number } | undefined;
      const about: DeployedFunction = {
        handler,
        memoryMb: memorySize,
        timeoutMs: timeout * 1000,
        architecture: architectures[0]!,
        ...(tenancy === undefined ? {} : { tenancy }),
        ...(reserved === undefined ? {} : { reservedConcurrency: reserved }),
        ...(inputs.publish === true ? { publish: true } : {}),
        ...(durable && { durable: { executionTimeoutSeconds: durable.executionTimeout } }),
        variables: Object.keys(environment.variables)
          .filter((key) => key.startsWith("KOFN_"))
          .sort(),
      };
      return [lowered(name.replace(/Function$/, "")), about] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(found);
}

/** The module from which the emulator takes its functions. */
export function deployedModule(functions: Record<string, DeployedFunction>): string {
  return `/**
 * The functions as \`infra/\` deploys them. Made by \`npm run infra\` from a rehearsal of the
 * deployment: edit \`infra/\`, not this file.
 */
export const deployed = ${JSON.stringify(functions, null, 2)} as const;
`;
}

/** The statements of every function's role, with the names that things have in the emulator. */
export function rolesOf({ resources }: Rehearsal): Record<string, readonly Statement[]> {
  const found = resources
    .filter(({ type }) => type === "aws:iam/role:Role")
    .map(({ name, inputs }) => {
      const { inlinePolicies = [] } = inputs as { inlinePolicies?: { policy: string }[] };
      const statements = inlinePolicies.flatMap(
        ({ policy }) => (JSON.parse(policy) as { statements: Statement[] }).statements,
      );
      const own = statements.map(({ effect, actions, resources, conditions }) => {
        const named = { effect, actions, resources: resources.map(localArn) };
        return conditions === undefined ? named : { ...named, conditions };
      });
      return [lowered(name.replace(/Role$/, "")), own] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(found);
}

/** The module from which the emulator takes the functions' permissions. */
export function rolesModule(roles: Record<string, readonly Statement[]>): string {
  return `// Made by \`npm run infra\` from a rehearsed deployment: edit \`infra/\`, not this.
import type { Statement } from "../../emulator/iam/policy.ts";

/** What each deployed function's role allows, on the emulator's bucket and functions. */
export const deployedRoles = ${JSON.stringify(roles, null, 2)} as const satisfies Record<
  string,
  readonly Statement[]
>;
`;
}

if (import.meta.main) {
  await installPlatform();
  // With everything that a deployment may have.
  const settings = { predict: "prices", dataBuckets: ["measurements/2026"] };
  const rehearsal = await rehearse("test", { settings });
  writeFileSync(deployedPath, deployedModule(functionsOf(rehearsal)));
  writeFileSync(rolesPath, rolesModule(rolesOf(rehearsal)));
  execFileSync("npx", ["biome", "format", "--write", deployedPath, rolesPath]);
}

/** The same thing where the emulator has it: its bucket, its functions, its account. */
function localArn(arn: string): string {
  const called = /^(.*:)123456789012:function:(\w+)Function(:\*)?$/.exec(arn);
  if (called === null) return arn.replace(":::StoreBucket", ":::kofn");
  const name = lowered(called[2]!).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `${called[1]}000000000000:function:${name}${called[3] ?? ""}`;
}

function lowered(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}
