import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { installPlatform, type Rehearsal, rehearse } from "./rehearse.ts";

export const deployedPath = join(import.meta.dirname, "../../src/backends/deployed.ts");

/** A function as `infra/` deploys it, in the emulator's terms. */
export interface DeployedFunction {
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly architecture: string;
  readonly tenancy?: string;
  readonly reservedConcurrency?: number;
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
      const about: DeployedFunction = {
        handler,
        memoryMb: memorySize,
        timeoutMs: timeout * 1000,
        architecture: architectures[0]!,
        ...(tenancy === undefined ? {} : { tenancy }),
        ...(reserved === undefined ? {} : { reservedConcurrency: reserved }),
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

if (import.meta.main) {
  await installPlatform();
  writeFileSync(deployedPath, deployedModule(functionsOf(await rehearse("test"))));
}

function lowered(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}
