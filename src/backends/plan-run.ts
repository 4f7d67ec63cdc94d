import { RunError } from "../core/errors.ts";
import type { Goal } from "../planner/considered.ts";
import type { Machine } from "../planner/machine.ts";
import { type MadePlan, makePlan } from "../planner/make-plan.ts";
import type { Store } from "../ports/store.ts";
import { readHistory } from "../run/finish.ts";
import type { RunSpec } from "../run/spec.ts";
import { prepareData, problemReady, type StageProgress, stageProblem } from "../run/stage.ts";
import { settleRate } from "../run/usual-rate.ts";
import { openHome } from "./home.ts";
import { claimHome, serveAlone } from "./home-claim.ts";
import { openSource } from "./open-source.ts";
import { machineOf, recordedMachine } from "./planning.ts";
import { findRun } from "./run-overview.ts";

export interface Planning {
  readonly spec: RunSpec;
  readonly backend: string;
  readonly goal?: Goal;
  /** A run whose record tells of the platform, instead of a model. */
  readonly from?: string;
  readonly onStage?: StageProgress;
}

/**
 * Forecasts a spec, and chooses what it leaves open, in a home of its own opening. The data are
 * read and prepared there, as the run needs them later; nothing is started.
 */
export async function planInHome(home: string, planning: Planning): Promise<MadePlan> {
  const claim = await claimHome(home);
  try {
    const opened = await serveAlone(home, () => openHome(home));
    try {
      return await planWith(planning, opened.store);
    } finally {
      await opened.close();
    }
  } catch (thrown) {
    if (thrown instanceof RunError) await claim.abandon();
    throw thrown;
  }
}

/** As `planInHome`, over a store that is open already. */
export async function planWith(
  { spec: given, backend, goal, from, onStage }: Planning,
  store: Store,
): Promise<MadePlan> {
  const spec = await stageProblem(given, store);
  await problemReady(spec.problem, store);
  const prepared = await prepareData(spec, { open: openSource, store }, onStage);
  const machine = from === undefined ? machineOf(spec, backend) : await machineFrom(store, from);
  const made = await makePlan(spec, { prepared, store }, machine, goal);
  return { ...made, spec: await settleRate(made.spec, prepared, store) };
}

async function machineFrom(store: Store, given: string): Promise<Machine> {
  const record = await findRun(store, given);
  return recordedMachine(record, await readHistory(store, record.run));
}

/** The spec with nothing left to choose; as it is where nothing was. */
export async function settled(
  spec: RunSpec,
  plan: (open: RunSpec) => Promise<MadePlan>,
  onPlan: (made: MadePlan) => void = () => undefined,
): Promise<RunSpec> {
  if (spec.auto === undefined) return spec;
  const made = await plan(spec);
  onPlan(made);
  return made.spec;
}
