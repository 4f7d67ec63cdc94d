import { resolveMembers } from "../../run/resolve-members.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { resolveWeather } from "../../weather/weather.ts";

/** Checks whatever a spec alone can show to be wrong, before anything starts. Returns the spec. */
export function checkSpec(spec: RunSpec): RunSpec {
  resolveMembers(spec);
  if (spec.weather !== null) resolveWeather(spec.weather);
  return spec;
}
