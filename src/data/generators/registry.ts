import { registry } from "../../core/registry.ts";
import { classification } from "./classification.ts";
import type { Generator } from "./generator.ts";
import { ratings } from "./ratings.ts";
import { regression } from "./regression.ts";
import { sparseClassification } from "./sparse-classification.ts";

export const generators = registry<Generator>("generator", [
  regression,
  classification,
  sparseClassification,
  ratings,
]);
