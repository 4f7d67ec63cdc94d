import { registry } from "../core/registry.ts";
import { gradientDescent } from "./gradient-descent.ts";
import { lBfgs } from "./l-bfgs.ts";
import type { Optimizer } from "./optimizer.ts";

export const optimizers = registry<Optimizer>("optimizer", [gradientDescent, lBfgs]);
