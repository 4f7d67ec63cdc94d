import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  installPlatform,
  type Recorded,
  type Rehearsal,
  rehearse,
} from "../../scripts/rehearsal/rehearse.ts";

/** Null where SST's platform can be installed; else why not, for a skipped test's line. */
export async function whyNoPlatform(): Promise<string | null> {
  try {
    await installPlatform();
    return null;
  } catch (thrown) {
    return `SST's platform cannot be installed here: ${(thrown as Error).message.split("\n")[0]}`;
  }
}

/** Settings with everything that a deployment may have. */
export const everything = {
  predict: "prices",
  dataBuckets: ["measurements/2026"],
  members: ["mine"],
} as const;

const rehearsals = new Map<string, Promise<Rehearsal>>();

/** A rehearsal of `infra/` as it is, the same one for all who ask for it. */
export function rehearsed(stage: string, settings: object = {}): Promise<Rehearsal> {
  const about = JSON.stringify([stage, settings]);
  const made = rehearsals.get(about) ?? rehearse(stage, { settings });
  rehearsals.set(about, made);
  return made;
}

export function ofType({ resources }: Rehearsal, type: string): Recorded[] {
  return resources.filter((resource) => resource.type === type);
}

export function named(rehearsal: Rehearsal, name: string): Record<string, unknown> {
  const found = rehearsal.resources.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`the deployment has no ${name}`);
  return found.inputs;
}

export interface Statement {
  readonly effect?: string;
  readonly actions: readonly string[];
  readonly resources?: readonly string[];
  readonly conditions?: readonly object[];
}

/** Every statement of a role's own policies. */
export function statementsOf(rehearsal: Rehearsal, role: string): Statement[] {
  const { inlinePolicies } = named(rehearsal, role) as { inlinePolicies: { policy: string }[] };
  return inlinePolicies.flatMap(
    ({ policy }) => (JSON.parse(policy) as { statements: Statement[] }).statements,
  );
}

/** A copy of `infra/` with one text replaced in one file. */
export async function changedInfra(
  file: string,
  before: string,
  after: string,
): Promise<{ path: string } & AsyncDisposable> {
  const root = join(import.meta.dirname, "../..");
  const path = await mkdtemp(join(tmpdir(), "kofn-changed-infra-"));
  await cp(join(root, "infra"), path, { recursive: true });
  for (const name of await readdir(path)) {
    const text = await readFile(join(path, name), "utf8");
    await writeFile(join(path, name), text.replaceAll('"../src/', `"${root}/src/`));
  }
  const text = await readFile(join(path, file), "utf8");
  if (!text.includes(before)) throw new Error(`${file} does not hold ${before}`);
  await writeFile(join(path, file), text.replace(before, after));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
