import { existsSync } from "node:fs";
import { checkRunName, type RunRecord } from "../run/record.ts";
import type { Home } from "./home.ts";
import { lookInto } from "./home-claim.ts";
import { findRun, unknownRun } from "./run-overview.ts";
import { openStage } from "./stage-home.ts";

export interface Homed {
  /** Where runs are kept. */
  readonly home: string;
  /** The deployed stage whose runs are meant instead. */
  readonly stage?: string | undefined;
}

export type Opened = Pick<Home, "store" | "isLive">;

/** Uses a home's store; null for a home that is not there, which looking must not make. */
export async function withHome<T>(
  { home: path, stage }: Homed,
  use: (home: Opened) => Promise<T>,
): Promise<T | null> {
  // Whether its orchestrator lives is known to AWS alone: a run that has not stopped is on its way.
  if (stage !== undefined) return use({ store: openStage(stage).store, isLive: true });
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
  use: (home: Opened, record: RunRecord) => Promise<T>,
): Promise<T> {
  if (given !== "latest") checkRunName(given);
  const used = await withHome(at, async (home) => ({
    value: await use(home, await findRun(home.store, given)),
  }));
  if (used === null) throw unknownRun(given, []);
  return used.value;
}
