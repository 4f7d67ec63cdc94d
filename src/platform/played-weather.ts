import type { RunSpec } from "../spec/run-spec.ts";
import { resolveWeather, type WeatherConfig } from "../weather/weather.ts";

/** What backends play where a spec names no weather. The emulator's cold starts are real ones. */
const usual: Readonly<Record<string, { readonly model: string; readonly coldStartMs?: number }>> = {
  emulated: { model: "lambda" },
  simulated: { model: "lambda", coldStartMs: 142 },
};

/**
 * The weather of a run on this backend, complete; null where none is played. Records hold it, so
 * that other defaults leave old runs alone.
 */
export function playedWeather(backend: string, given: RunSpec["weather"]): WeatherConfig | null {
  const chosen = given ?? usual[backend] ?? null;
  return chosen === null ? null : resolveWeather(chosen);
}
