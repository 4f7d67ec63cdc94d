import { assert, RunError } from "../../core/errors.ts";
import { newRunName, type RunFunctions, type RunRecord } from "../../journal/run-record.ts";
import type { ProposedPlan } from "../../planner/planner.ts";
import type { RunEvent } from "../../ports/events.ts";
import { type IngestProgress, ingest, publishProblemAssets } from "../../run/ingest.ts";
import { entriesPerSlot, recordRun } from "../../run/orchestrate.ts";
import { needsEphemeralShards } from "../../simulation/ephemeral-store.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { type Backend, playedWeather } from "../backend.ts";
import { ownModules } from "../local/own-modules.ts";
import { type OnSource, pinningOpener, tellingOpener } from "../open-source.ts";
import { forecastOn, stageTimesOn } from "../platform-model.ts";
import { taskPrices } from "../task-prices.ts";

export interface Watchers {
  readonly listen?: (event: RunEvent) => void;
  readonly onPhase?: IngestProgress;
  /** Called with a note on data that are left out. */
  readonly onNote?: (text: string) => void;
  /** Called with each source that is opened, and its size. */
  readonly onSource?: OnSource;
  readonly signal?: AbortSignal;
  /** Called with the plan, where the spec left something open. */
  readonly onPlan?: (plan: ProposedPlan) => void;
  /** Called with the run's record, where the data decided what its spec left open. */
  readonly onSettled?: (record: RunRecord) => void;
}

/** A fresh name for a run of this process. */
export function nameRun(startedAt = new Date()): string {
  return newRunName(startedAt, `${process.pid}/${performance.now()}`);
}

/** Ingests the data and writes the run's record. Trains nothing. */
export async function createRun(
  written: RunSpec,
  backend: Pick<Backend, "name" | "store" | "pool"> & {
    readonly functions?: RunFunctions | undefined;
  },
  watchers: Watchers = {},
  run: string = nameRun(),
): Promise<RunRecord> {
  assert(
    written.auto === undefined,
    "what is left to the planner is chosen before a run is created",
  );
  const spec = await publishProblemAssets(written, backend.store);
  refuseOwnLayers(spec, backend.name);
  const pins = new Map<string, string>();
  const open = tellingOpener(pinningOpener(pins), watchers.onSource);
  const ports = { open, store: backend.store, ...notesFor(watchers) };
  const staged = await ingest(spec, ports, watchers.onPhase);
  const startedAt = new Date();
  const { name, functions } = backend;
  const prices = taskPrices(spec, name, entriesPerSlot(staged.encoded));
  const stages = stageTimesOn(name, spec, staged.encoded);
  const sources = pins.size === 0 ? undefined : Object.fromEntries(pins);
  const about = { run, startedAt, backend: name, prices, functions, stages, sources };
  // The forecast of a huge simulation would take about as long as the simulation.
  const forecast = needsEphemeralShards(spec) ? null : forecastOn(name, spec, staged);
  const weather = playedWeather(name, spec.weather);
  const recorded = { ...spec, weather };
  const { store, pool } = backend;
  const record = await recordRun(store, about, recorded, staged, forecast, pool);
  if (spec.openRate !== undefined) watchers.onSettled?.(record);
  return record;
}

/** Throws `RunError` where a network has layers of the program's own, which its workers lack. */
function refuseOwnLayers({ problem }: RunSpec, backend: string): void {
  const { facts } = problem as { readonly facts?: { readonly ownLayers?: readonly string[] } };
  const [first] = facts?.ownLayers ?? [];
  const isLocal = backend === "emulated" || backend === "threads";
  const lacks = isLocal && ownModules().length === 0;
  if (first === undefined || !lacks) return;
  throw new RunError(
    "unknown-layer",
    `problem.model: its layer class ${first} is your program's own, and workers of the backend ` +
      `${backend} do not know it`,
    {
      hint:
        "use layers of TensorFlow.js or kofn, train with backend: simulated, or from a program " +
        "with registerModule(path); on Lambda deploy a worker that registers it (docs/networks.md)",
    },
  );
}

function notesFor({ onNote }: Watchers) {
  return onNote === undefined ? {} : { onNote };
}
