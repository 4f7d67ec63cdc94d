import type { RunRecord } from "../journal/run-record.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compute } from "../ports/compute.ts";
import type { Store } from "../ports/store.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";
import { resolveWeather, type WeatherConfig } from "../weather/weather.ts";

/** A place where runs run: a store, a clock, and workers. */
export interface Backend {
  readonly name: string;
  readonly store: Store;
  /** A fresh one for every run: simulated time begins at 0. */
  open(record: RunRecord): { clock: Clock; compute: Compute<WorkerTask, WorkerReply> };
  close(): Promise<void>;
}

export interface BackendOptions {
  /** KOFN_HOME. */
  readonly home: string;
  readonly spec: RunSpec;
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
