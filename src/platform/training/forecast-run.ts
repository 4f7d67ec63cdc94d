import { RunError } from "../../core/errors.ts";
import type { StagesForecast } from "../../model-parallel/plan-pipeline.ts";
import type { Goal } from "../../planner/candidate.ts";
import type { Machine } from "../../planner/machine.ts";
import { type ProposedPlan, proposePlan } from "../../planner/planner.ts";
import type { Store } from "../../ports/store.ts";
import { readHistory } from "../../run/finish.ts";
import {
  type IngestProgress,
  loadFor,
  prepareData,
  publishProblemAssets,
} from "../../run/ingest.ts";
import { resolveMembers } from "../../run/resolve-members.ts";
import { settleRate } from "../../run/usual-rate.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { openHome } from "../local/home.ts";
import { claimHome, serveTogether } from "../local/home-claim.ts";
import { type OnSource, openDataSource, tellingOpener } from "../open-source.ts";
import { machineOf, recordedMachine, stageRates } from "../platform-model.ts";
import { findRun } from "./run-overview.ts";

export interface ForecastPorts {
  readonly spec: RunSpec;
  readonly backend: string;
  readonly goal?: Goal;
  /** A run whose record describes the platform, in place of a model. */
  readonly from?: string;
  readonly onPhase?: IngestProgress;
  /** Called with a note on data that are left out. */
  readonly onNote?: (text: string) => void;
  /** Called with each source that is opened, and its size. */
  readonly onSource?: OnSource;
}

/**
 * Forecasts a spec and chooses what it leaves open, in a home that this opens. Reads and prepares
 * the data, as the run needs them later; starts nothing.
 */
export async function planInHome(home: string, planning: ForecastPorts): Promise<ProposedPlan> {
  return inHome(home, (store) => planWith(planning, store));
}

/** As `planInHome`, of a strategy that cuts a model into stages. */
export async function planStagesInHome(
  home: string,
  planning: ForecastPorts,
): Promise<StagesForecast> {
  return inHome(home, async (store) => {
    const { spec, prepared } = await preparedFor(planning, store);
    const { method, encoding } = resolveMembers(spec);
    const context = { spec, encoding, prepared, store, onProgress: () => undefined };
    const { workMs } = machineOf(spec, planning.backend);
    return method.forecastStages!(context, { ...stageRates, invokeMs: workMs(0) });
  });
}

async function inHome<T>(home: string, work: (store: Store) => Promise<T>): Promise<T> {
  const claim = await claimHome(home);
  try {
    const opened = await serveTogether(home, () => openHome(home));
    try {
      return await work(opened.store);
    } finally {
      await opened.close();
    }
  } catch (thrown) {
    if (thrown instanceof RunError) await claim.abandon();
    throw thrown;
  }
}

/** As `planInHome`, over a store that is open already. */
export async function planWith(planning: ForecastPorts, store: Store): Promise<ProposedPlan> {
  const { backend, goal, from } = planning;
  const { spec, prepared } = await preparedFor(planning, store);
  planning.onPhase?.("planning", 0, 0);
  const machine = from === undefined ? machineOf(spec, backend) : await machineFrom(store, from);
  const proposed = await proposePlan(spec, { prepared, store }, machine, goal);
  return { ...proposed, spec: await settleRate(proposed.spec, prepared, store) };
}

async function preparedFor(
  { spec: written, onPhase, onNote, onSource }: ForecastPorts,
  store: Store,
) {
  const spec = await publishProblemAssets(written, store);
  await loadFor(spec, store);
  const open = tellingOpener(openDataSource, onSource);
  const ports = { open, store, ...(onNote === undefined ? {} : { onNote }) };
  return { spec, prepared: await prepareData(spec, ports, onPhase) };
}

async function machineFrom(store: Store, name: string): Promise<Machine> {
  const record = await findRun(store, name);
  return recordedMachine(record, await readHistory(store, record.run));
}

/** The spec with every `auto` resolved; unchanged where there is none. */
export async function resolveAuto(
  spec: RunSpec,
  plan: (open: RunSpec) => Promise<ProposedPlan>,
  onPlan: (proposed: ProposedPlan) => void = () => undefined,
): Promise<RunSpec> {
  if (spec.auto === undefined) return spec;
  const proposed = await plan(spec);
  onPlan(proposed);
  return proposed.spec;
}
