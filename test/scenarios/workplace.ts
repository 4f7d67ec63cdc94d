import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecord } from "../../src/journal/run-record.ts";
import type { Backend } from "../../src/platform/backend.ts";
import { openHome } from "../../src/platform/local/home.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { createRun } from "../../src/platform/training/create-run.ts";
import { replayRun } from "../../src/platform/training/replay-run.ts";
import { continueRun } from "../../src/platform/training/start-run.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import type { Orchestrated } from "../../src/run/orchestrate.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";

/** A temporary KOFN_HOME with its end. */
export async function temporaryHome(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "kofn-test-"));
  return {
    path,
    // A process that was just killed may still be letting go of its files.
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

interface Stopping {
  readonly stop?: object;
}

/** What a test does while a run is under way, and the clock the run goes by. */
interface During {
  readonly listen?: (event: RunEvent, backend: Backend) => void;
  readonly clock?: Clock;
}

/** Runs a spec on a backend from nothing to its result; patient, as machines may be slow. */
export async function runOn(
  name: string,
  home: string,
  given: object,
  { listen, clock }: During = {},
): Promise<Orchestrated> {
  const spec = resolveSpec({ ...given, stop: { patience: 600, ...(given as Stopping).stop } });
  const backend = await openComputeBackend(name, { home, spec });
  const open: Backend["open"] = (record) => ({
    ...backend.open(record),
    ...(clock === undefined ? {} : { clock }),
  });
  try {
    const record = await createRun(spec, backend);
    return await continueRun(record, { ...backend, open }, home, {
      listen: (event) => listen?.(event, backend),
    });
  } finally {
    await backend.close();
  }
}

/** A small regression that encoded rounds solve well. */
export const smallRidge = {
  problem: { type: "ridge", l2: 0.01 },
  data: { generate: { type: "regression", rows: 2_000, features: 20, noise: 0.5 } },
  workers: 8,
  optimizer: "gradient-descent",
  stop: { rounds: 40, tolerance: 0 },
  weather: { model: "calm" },
};

/** The digest that a finished run's recorded arrivals lead to. */
export async function replayedDigest(home: string, run: string): Promise<string> {
  const opened = await openHome(home);
  try {
    const record = await readRecord(opened.store, run);
    return (await replayRun(opened.store, record)).weightsDigest;
  } finally {
    await opened.close();
  }
}
