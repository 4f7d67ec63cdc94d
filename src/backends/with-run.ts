import { existsSync } from "node:fs";
import { checkRunName, type RunRecord } from "../run/record.ts";
import type { Home } from "./home.ts";
import { lookInto } from "./home-claim.ts";
import { isOrchestrated } from "./lease.ts";
import { findRun, unknownRun } from "./run-overview.ts";
import { openStage } from "./stage-home.ts";

export interface Homed {
  /** Where runs are kept. */
  readonly home: string;
  /** The deployed stage whose runs are meant instead. */
  readonly stage?: string | undefined;
}

/** A store with runs. */
export interface Opened extends Pick<Home, "store"> {
  /** Somebody may be at this run: another process here, its orchestrator in AWS. */
  isLive(run: string): Promise<boolean>;
}

/** Uses a home's store; null for a home that is not there, which looking must not make. */
export async function withHome<T>(
  { home: path, stage }: Homed,
  use: (home: Opened) => Promise<T>,
): Promise<T | null> {
  if (stage !== undefined) {
    const { store } = openStage(stage);
    return use({ store, isLive: (run) => isOrchestrated(store, run) });
  }
  if (!existsSync(path)) return null;
  const home = await lookInto(path);
  try {
    const { store, isLive } = home;
    return await use({ store, isLive: async () => isLive });
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
