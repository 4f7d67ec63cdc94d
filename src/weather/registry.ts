import { registry } from "../core/registry.ts";
import { bimodal } from "./bimodal.ts";
import { bursts } from "./bursts.ts";
import { calm } from "./calm.ts";
import { exponential } from "./exponential.ts";
import { lambda } from "./lambda.ts";
import { lambdaTraceA, lambdaTraceB, lambdaTraceC } from "./lambda-trace.ts";
import { late } from "./late.ts";
import type { LatencyModel } from "./latency.ts";
import { pareto } from "./pareto.ts";
import { persistent } from "./persistent.ts";
import { trace } from "./trace.ts";

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
