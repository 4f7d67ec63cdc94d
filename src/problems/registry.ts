import { registry } from "../core/registry.ts";
import { logistic, softmax, squaredHinge } from "./classification.ts";
import { factorization } from "./factorization.ts";
import { mean } from "./mean.ts";
import { network } from "./network/network.ts";
import { elasticNet, lasso, ridge } from "./penalised-least-squares.ts";
import type { Problem } from "./problem.ts";
import { withRowWeights } from "./row-weights.ts";
import { translation } from "./translation/translation.ts";

export const problems = registry<Problem>(
  "problem",
  [
    ridge,
    lasso,
    elasticNet,
    logistic,
    softmax,
    squaredHinge,
    factorization,
    mean,
    network,
    translation,
  ].map(withRowWeights),
);
