import { existsSync } from "node:fs";
import { checkRunName, type RunRecord } from "../../journal/run-record.ts";
import { openDeploymentHome } from "../cloud/deployment-home.ts";
import { isOrchestrated } from "../cloud/lease.ts";
import type { RunHome } from "../local/home.ts";
import { isWorkedOn, lookInto } from "../local/home-claim.ts";
import { findRun, unknownRun } from "./run-overview.ts";

export interface HomeOptions {
  /** Where runs are kept. */
  readonly home: string;
  /** The deployed stage to use in place of a home. */
  readonly stage?: string | undefined;
}

/** A store with runs. */
export interface OpenedRun extends Pick<RunHome, "store"> {
  /** Whether another process here, or an orchestrator in AWS, may be working on this run. */
  isLive(run: string): Promise<boolean>;
}

/** Calls `use` with a home's store; null for a home that does not exist: reading creates none. */
export async function withOpenHome<T>(
  { home: path, stage }: HomeOptions,
  use: (home: OpenedRun) => Promise<T>,
): Promise<T | null> {
  if (stage !== undefined) {
    const { store } = openDeploymentHome(stage);
    return use({ store, isLive: (run) => isOrchestrated(store, run) });
  }
  if (!existsSync(path)) return null;
  const home = await lookInto(path);
  try {
    const { store } = home;
    return await use({ store, isLive: async (run) => isWorkedOn(path, run) });
  } finally {
    await home.close();
  }
}

/** As `withOpenRun`, with a run that has a model where `latest` is asked for. */
export function withTrainedRun<T>(
  at: HomeOptions,
  name: string,
  use: (home: OpenedRun, record: RunRecord) => Promise<T>,
): Promise<T> {
  return withOpenRun(at, name, use, "model");
}

/** Calls `use` with a home's store and one of its runs. */
export async function withOpenRun<T>(
  at: HomeOptions,
  name: string,
  use: (home: OpenedRun, record: RunRecord) => Promise<T>,
  needs: "model" | "nothing" = "nothing",
): Promise<T> {
  if (name !== "latest") checkRunName(name);
  const used = await withOpenHome(at, async (home) => ({
    value: await use(home, await findRun(home.store, name, needs)),
  }));
  if (used === null) throw unknownRun(name, []);
  return used.value;
}
