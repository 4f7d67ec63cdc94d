import { registry } from "../core/registry.ts";
import { elasticNet } from "./elastic-net.ts";
import { factorization } from "./factorization.ts";
import { lasso } from "./lasso.ts";
import { logistic } from "./logistic.ts";
import { mean } from "./mean.ts";
import { network } from "./network/network.ts";
import type { Problem } from "./problem.ts";
import { ridge } from "./ridge.ts";
import { withRowWeights } from "./row-weights.ts";
import { softmax } from "./softmax.ts";
import { squaredHinge } from "./squared-hinge.ts";

export const problems = registry<Problem>(
  "problem",
  [ridge, lasso, elasticNet, logistic, softmax, squaredHinge, factorization, mean, network].map(
    withRowWeights,
  ),
);
