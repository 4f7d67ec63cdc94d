import { registry } from "../../core/registry.ts";
import { calm } from "./calm.ts";
import { lambda } from "./lambda.ts";
import { late } from "./late.ts";
import type { LatencyModel } from "./latency.ts";

/** Every latency model, by the name a spec's `weather.model` gives. */
export const latencyModels = registry<LatencyModel>("weather", [calm, late, lambda]);
