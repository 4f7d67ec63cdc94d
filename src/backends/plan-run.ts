import { RunError } from "../core/errors.ts";
import type { Goal } from "../planner/considered.ts";
import { type MadePlan, makePlan } from "../planner/make-plan.ts";
import type { Store } from "../ports/store.ts";
import type { RunSpec } from "../run/spec.ts";
import { prepareData, type StageProgress } from "../run/stage.ts";
import { openHome } from "./home.ts";
import { claimHome, serveAlone } from "./home-claim.ts";
import { openSource } from "./open-source.ts";
import { machineOf } from "./planning.ts";

export interface Planning {
  readonly spec: RunSpec;
  readonly backend: string;
  readonly home: string;
  readonly goal?: Goal;
  readonly onStage?: StageProgress;
}

/**
 * Forecasts a spec, and chooses what it leaves open, in a home of its own opening. The data are
 * read and prepared there, as the run needs them later; nothing is started.
 */
export async function planInHome(planning: Planning): Promise<MadePlan> {
  const claim = await claimHome(planning.home);
  try {
    const home = await serveAlone(planning.home, () => openHome(planning.home));
    try {
      return await planWith(planning, home.store);
    } finally {
      await home.close();
    }
  } catch (thrown) {
    if (thrown instanceof RunError) await claim.abandon();
    throw thrown;
  }
}

async function planWith(
  { spec, backend, goal, onStage }: Planning,
  store: Store,
): Promise<MadePlan> {
  const prepared = await prepareData(spec, { open: openSource, store }, onStage);
  return makePlan(spec, { prepared, store }, machineOf(spec, backend), goal);
}

/** The spec with nothing left to choose; as it is where nothing was. */
export async function settled(
  planning: Planning,
  onPlan: (made: MadePlan) => void = () => undefined,
): Promise<RunSpec> {
  if (planning.spec.auto === undefined) return planning.spec;
  const made = await planInHome(planning);
  onPlan(made);
  return made.spec;
}
