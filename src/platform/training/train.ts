import { RunError } from "../../core/errors.ts";
import type { RunRecord } from "../../journal/run-record.ts";
import type { Orchestrated } from "../../run/orchestrate.ts";
import { encodeAgain, needsEphemeralShards } from "../../simulation/ephemeral-store.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import type { Backend } from "../backend.ts";
import { claimHome, serveEmulated, serveTogether, workingAlone } from "../local/home-claim.ts";
import { openComputeBackend } from "../local/registry.ts";
import { createRun, type Watchers } from "./create-run.ts";
import { planInHome, resolveAuto } from "./forecast-run.ts";
import { continueRun } from "./start-run.ts";

/**
 * Creates, trains and reports a new run. Removes a home that was not there before if the data turn
 * out to be wrong.
 */
export async function trainNew(
  { run, spec: written, backend, home }: NewRun,
  watchers: Watchers = {},
): Promise<Orchestrated> {
  const claim = await claimHome(home);
  let record: RunRecord | undefined;
  try {
    const { onPhase, onPlan } = watchers;
    const staging = onPhase === undefined ? {} : { onPhase };
    const plan = (open: RunSpec) => planInHome(home, { spec: open, backend, ...staging });
    const spec = await resolveAuto(written, plan, onPlan);
    return await withBackend({ run, backend, home, spec }, async (opened) => {
      record = await createRun(spec, opened, watchers, run);
      return continueRun(record, opened, home, watchers);
    });
  } catch (thrown) {
    if (record === undefined && thrown instanceof RunError) await claim.abandon();
    throw thrown;
  }
}

export interface NewRun {
  readonly run: string;
  readonly spec: RunSpec;
  readonly backend: string;
  readonly home: string;
}

/** Continues a recorded run. */
export function trainFurther(
  record: RunRecord,
  home: string,
  watchers: Watchers = {},
): Promise<Orchestrated> {
  const { run, backend, spec } = record;
  return withBackend({ run, backend, home, spec }, async (opened) => {
    if (needsEphemeralShards(spec)) await encodeAgain(record, opened.store);
    return continueRun(record, opened, home, watchers);
  });
}

async function withBackend<T>(
  { run, backend, home, spec }: NewRun,
  use: (backend: Backend) => Promise<T>,
): Promise<T> {
  return workingAlone(home, run, async () => {
    const open = () => openComputeBackend(backend, { home, spec });
    const { opened, release } =
      backend === "emulated"
        ? await serveEmulated(home, run, open)
        : { opened: await serveTogether(home, open), release: () => undefined };
    try {
      return await use(opened);
    } finally {
      await opened.close();
      release();
    }
  });
}
