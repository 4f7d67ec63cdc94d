import type { Encoded } from "../data/manifests.ts";
import type { RunRecord } from "../journal/run-record.ts";
import { bounds, functions, invocationUsd } from "../limits.ts";
import { forecastRun } from "../planner/forecast.ts";
import type { Lateness } from "../planner/lateness.ts";
import type { Machine } from "../planner/machine.ts";
import { recordedLateness } from "../planner/recorded.ts";
import { downBytes, upBytes } from "../planner/workload.ts";
import type { RunEvent, RunForecast } from "../ports/events.ts";
import type { StageTimes } from "../ports/stage-times.ts";
import type { Dataset } from "../run/ingest.ts";
import { resolveMembers } from "../run/resolve-members.ts";
import { simulatedCompute } from "../simulation/simulated-compute.ts";
import { virtualClock } from "../simulation/virtual-clock.ts";
import { type RunSpec, workerMemoryMb } from "../spec/run-spec.ts";
import { memoryStore } from "../storage/memory.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";
import {
  arrayBytesOf,
  replyArrayBytes,
  requestArrays,
  taskEntries,
  taskWithinTime,
} from "../tasks/registry.ts";
import { faultModelOf } from "../weather/fault-decision.ts";
import { type Weather, weatherFrom } from "../weather/weather.ts";

/** How long a task over so many stored numbers takes without delays. */
export function workMsOf(
  entries: number,
  { baseMs, workMsPerMillion }: Pick<Weather, "baseMs" | "workMsPerMillion">,
): number {
  return baseMs + workMsPerMillion * (entries / 1e6);
}

/** The pace of undisturbed tasks; a spec chooses it for simulations only. */
function paceOf({ weather }: RunSpec, backend: string): Weather {
  const weatherConfig =
    backend === "simulated" ? (weather ?? usualWeather(backend)) : { model: "calm" };
  return weatherFrom(weatherConfig);
}

/** The weather that a backend plays where the spec names none. */
export function usualWeather(backend: string): Record<string, unknown> & { model: string } {
  if (backend === "threads") return { model: "calm" };
  return { model: "lambda", coldStartMs: 142 };
}

/** What is known of a backend before anything has run there. */
export function machineOf(spec: RunSpec, backend: string): Machine {
  const pace = paceOf(spec, backend);
  const workMs = (entries: number) => workMsOf(entries, pace);
  return { ...simulatedMachine(latenessOf(spec, backend), workerMemoryMb(spec)), workMs };
}

/** What stages of a model meet on Lambda besides the way of an invocation. */
export const stageRates = {
  objectMs: 30,
  bytesPerMs: 80_000,
  /** A worker that holds no model has 93 MB, and garbage stands until it is 64 (`freeArrays`). */
  residentBytes: 200 * 1024 * 1024,
  orchestratorMemoryMb: functions.orchestrator.memoryMb,
} as const;

/** The platform as a run's record shows it. */
export function recordedMachine(record: RunRecord, events: readonly RunEvent[]): Machine {
  const { lateness, workMs } = recordedLateness(events, record.run);
  const pace = measuredPace(record, workMs);
  return {
    ...simulatedMachine(lateness, workerMemoryMb(record.spec)),
    workMs: (entries) => workMsOf(entries, pace),
  };
}

/** How long tasks take without delays. */
export type WorkPace = Pick<Weather, "baseMs" | "workMsPerMillion">;

/** The pace of a recorded run: its spec's where it was simulated, else what its replies show. */
export function recordedPace(record: RunRecord, events: readonly RunEvent[]): WorkPace {
  if (record.backend === "simulated") return paceOf(record.spec, record.backend);
  return measuredPace(record, recordedLateness(events, record.run).workMs);
}

/** `workMs` is what an average task took that nothing held up. */
function measuredPace(record: RunRecord, workMs: number): WorkPace {
  const { entriesPerSlot } = record;
  const pace = paceOf(record.spec, record.backend);
  const computing = workMsOf(entriesPerSlot, pace) - pace.baseMs;
  // A record has one speed: what the usual one does not explain counts as travel time.
  return {
    baseMs: Math.max(0, workMs - computing),
    workMsPerMillion: (1e6 * Math.min(workMs, computing)) / Math.max(1, entriesPerSlot),
  };
}

/** A run's forecast on a backend; null where its platform is not known beforehand. */
export function forecastOn(backend: string, spec: RunSpec, staged: Dataset): RunForecast | null {
  return backend === "threads" ? null : forecastRun(spec, staged, machineOf(spec, backend));
}

/** What a pipeline's tasks are expected to take on a backend; null where that is not known. */
export function stageTimesOn(backend: string, spec: RunSpec, encoded: Encoded): StageTimes | null {
  if (backend === "threads" || backend === "simulated") return null;
  const { method } = resolveMembers(spec);
  const rates = { ...stageRates, invokeMs: machineOf(spec, backend).workMs(0) };
  return method.stageTimes?.({ spec, encoded }, rates) ?? null;
}

/** The simulation as a machine for pilot runs, with any lateness. */
export function simulatedMachine(
  lateness: Lateness,
  memoryMb: number = functions.worker.memoryMb,
): Omit<Machine, "workMs"> {
  const { timeoutMs } = functions.worker;
  const { environmentsPerSlot } = bounds;
  const platform = { memoryMb, timeoutMs, environmentsPerSlot, priceOf: invocationUsd };
  return {
    platform,
    lateness,
    scratch: memoryStore,
    open({ perform, workMs, lateness: fates, draw, isMixable }) {
      const clock = virtualClock();
      const compute = simulatedCompute<WorkerTask, WorkerReply>({
        clock,
        perform,
        // A part of the shard takes as large a part of the time.
        workMs: (task) => (task.exactRows === undefined ? workMs : workMs * taskEntries(task, 1)),
        withinTime: (task, delayMs) => taskWithinTime(task, delayMs, workMs),
        fateOf: ({ id, slot, round }, isCold) => fates({ task: id, slot, round }, draw, isCold),
        bytesDown: (task) => downBytes(requestArrays(task)),
        bytesUp: (result) => upBytes(arrayBytesOf(result)),
        replyBytes: (task) => replyBytes(task, isMixable),
      });
      return { clock, compute };
    },
  };
}

/** Keeps the rounds of other futures far away: a plan must not know the run's own storms. */
const roundsApart = 1_000_000;

/** A weather's lateness: lasting properties are those of the coming run, draws are new. */
function latenessOf(spec: RunSpec, backend: string): Lateness {
  const weatherConfig = spec.weather ?? usualWeather(backend);
  const weather = weatherFrom(weatherConfig);
  // A trace has its rounds given.
  const apart = weatherConfig.model === "trace" ? 0 : roundsApart;
  const fates = faultModelOf(weather, spec.seed);
  return ({ task, slot, round }, draw, isCold) => {
    const later = round + (draw + 1) * apart;
    return fates({ task: `plan-${draw}/${task}`, slot, round: later }, isCold);
  };
}

/** A reply's bytes, where they are known without it. */
export function replyBytes(task: WorkerTask, isQuadratic: boolean): number | null {
  const bytes = replyArrayBytes(task, isQuadratic);
  return bytes === null ? null : upBytes(bytes);
}
