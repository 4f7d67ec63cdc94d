import { resolveWeather } from "../emulator/weather/weather.ts";
import { planRun } from "../run/plan.ts";
import type { RunSpec } from "../run/spec.ts";

/** Refuses whatever a spec alone can show to be wrong, before anything starts. Returns the spec. */
export function checkSpec(spec: RunSpec): RunSpec {
  planRun(spec);
  if (spec.weather !== null) resolveWeather(spec.weather);
  return spec;
}
