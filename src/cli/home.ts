import { existsSync } from "node:fs";
import type { Home } from "../backends/home.ts";
import { lookInto } from "../backends/home-claim.ts";
import { findRun, unknownRun } from "../backends/run-overview.ts";
import { checkRunName, type RunRecord } from "../run/record.ts";
import type { Terminal } from "./terminal.ts";

/** Uses a home's store; null for a home that is not there, which looking must not make. */
export async function withHome<T>(
  { home: path }: Pick<Terminal, "home">,
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
  terminal: Pick<Terminal, "home">,
  given: string,
  use: (home: Home, record: RunRecord) => Promise<T>,
): Promise<T> {
  if (given !== "latest") checkRunName(given);
  const used = await withHome(terminal, async (home) => ({
    value: await use(home, await findRun(home.store, given)),
  }));
  if (used === null) throw unknownRun(given, []);
  return used.value;
}
