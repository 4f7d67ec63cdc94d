import type { ForecastPoint, RunForecast } from "../ports/events.ts";
import type { Dataset } from "../run/ingest.ts";
import { entriesPerSlot } from "../run/orchestrate.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { latenessModelOf } from "./lateness.ts";
import type { Machine } from "./machine.ts";
import { entriesPerRowOf, shapeOf } from "./sample.ts";
import { type RunFigures, type TimeModel, timeModelOf } from "./time-model.ts";
import { isTimed } from "./workload.ts";

/** What a spec's rounds will take, by the clock alone; null where it does not know their ways. */
export function forecastRun(
  spec: RunSpec,
  { prepared, encoded }: Dataset,
  machine: Machine,
): RunForecast | null {
  const { rounds } = spec.stop;
  if (!isTimed(spec) || rounds === 0) return null;
  const shape = shapeOf(spec, prepared, entriesPerRowOf(prepared));
  const data = { ...shape, entriesPerSlot: entriesPerSlot(encoded) };
  const known = { ...machine, fates: latenessModelOf(machine.lateness) };
  const told = timeModelOf(spec, data, known, rounds, "told");
  const forecast = { ...forecastOf(told.at(rounds), rounds), partway: partwayTo(rounds, told) };
  return Number.isFinite(forecast.seconds) ? forecast : null;
}

/** After 1 round, 2, 4 and so on, as a run may stop early. */
function partwayTo(rounds: number, told: TimeModel): ForecastPoint[] {
  const points: ForecastPoint[] = [];
  for (let count = 1; count < rounds; count *= 2) {
    const { seconds, dollars } = told.at(count);
    points.push({ rounds: count, seconds, dollars });
  }
  return points;
}

export function forecastOf(figures: RunFigures, rounds: number): RunForecast {
  const { seconds, secondsLow, secondsHigh, dollars, bytesDown, bytesUp } = figures;
  return { rounds, seconds, secondsLow, secondsHigh, dollars, bytesDown, bytesUp };
}
