import { registry } from "../core/registry.ts";
import { bursts, persistent } from "./correlated.ts";
import { bimodal, calm, exponential, late, pareto } from "./independent.ts";
import type { LatencyModel } from "./latency.ts";
import { lambda, lambdaTraceA, lambdaTraceB, lambdaTraceC, trace } from "./recorded.ts";

/** Every latency model, by the name a spec's `weather.model` gives. */
export const latencyModels = registry<LatencyModel>("weather", [
  lambda,
  calm,
  late,
  lambdaTraceA,
  lambdaTraceB,
  lambdaTraceC,
  exponential,
  pareto,
  bimodal,
  persistent,
  bursts,
  trace,
]);
