import { registry } from "../core/registry.ts";
import { stepperOf } from "./adaptive/adaptive.ts";
import { adaptives } from "./adaptive/registry.ts";
import { fista } from "./fista.ts";
import { gradientDescent, proximalGradient } from "./gradient-descent.ts";
import { lBfgs } from "./l-bfgs.ts";
import type { Optimizer } from "./optimizer.ts";

export const optimizers = registry<Optimizer>("optimizer", [
  gradientDescent,
  lBfgs,
  proximalGradient,
  fista,
  ...adaptives.map(stepperOf),
]);
