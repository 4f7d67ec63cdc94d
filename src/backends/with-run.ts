import { existsSync } from "node:fs";
import { checkRunName, type RunRecord } from "../run/record.ts";
import type { Home } from "./home.ts";
import { lookInto } from "./home-claim.ts";
import { findRun, unknownRun } from "./run-overview.ts";

export interface Homed {
  /** Where runs are kept. */
  readonly home: string;
}

/** Uses a home's store; null for a home that is not there, which looking must not make. */
export async function withHome<T>(
  { home: path }: Homed,
  use: (home: Home) => Promise<T>,
): Promise<T | null> {
  if (!existsSync(path)) return null;
  const home = await lookInto(path);
  try {
    return await use(home);
  } finally {
    await home.close();
  }
}

/** Uses a home's store and one of its runs. */
export async function withRun<T>(
  at: Homed,
  given: string,
  use: (home: Home, record: RunRecord) => Promise<T>,
): Promise<T> {
  if (given !== "latest") checkRunName(given);
  const used = await withHome(at, async (home) => ({
    value: await use(home, await findRun(home.store, given)),
  }));
  if (used === null) throw unknownRun(given, []);
  return used.value;
}
