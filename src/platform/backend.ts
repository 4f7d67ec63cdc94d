import type { RunRecord } from "../journal/run-record.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compute } from "../ports/compute.ts";
import type { Store } from "../ports/store.ts";
import { problems } from "../problems/registry.ts";
import type { PartsPool } from "../run/parts-pool.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import {
  protocolVersion,
  type WorkerReply,
  type WorkerRequest,
  type WorkerTask,
} from "../tasks/protocol.ts";
import { resolveWeather, type WeatherConfig } from "../weather/weather.ts";

/** A place where runs run: a store, a clock, and workers. */
export interface Backend {
  readonly name: string;
  readonly store: Store;
  /** A fresh one for every run: simulated time begins at 0. */
  open(record: RunRecord): { clock: Clock; compute: Compute<WorkerTask, WorkerReply> };
  /** Who goes through prepared rows besides this process. */
  readonly pool?: PartsPool;
  close(): Promise<void>;
}

export interface BackendOptions {
  /** KOFN_HOME. */
  readonly home: string;
  readonly spec: RunSpec;
}

/** An invocation's payload: the data, the problem and the task. */
export function workerRequestOf(record: RunRecord, task: WorkerTask): WorkerRequest {
  const { run, encoded, spec } = record;
  return { version: protocolVersion, run, encoded, problem: spec.problem, task };
}

/** What backends play where a spec names no weather. The emulator's cold starts are real ones. */
const usual: Readonly<Record<string, { readonly model: string; readonly coldStartMs?: number }>> = {
  emulated: { model: "lambda" },
  simulated: { model: "lambda", coldStartMs: 142 },
};

/**
 * The complete weather of a run on this backend; null where it has none. Records hold it, so that
 * new defaults do not change old runs.
 */
export function playedWeather(backend: string, weather: RunSpec["weather"]): WeatherConfig | null {
  const chosen = weather ?? usual[backend] ?? null;
  return chosen === null ? null : resolveWeather(chosen);
}

/** Weights of which few change from one task to the next: of tables, or compressed on their way. */
export function tellsChanges({ problem, compression }: RunSpec): boolean {
  return problems.create(problem).slicedGradient !== undefined || compression?.down !== undefined;
}
