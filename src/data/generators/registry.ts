import { registry } from "../../core/registry.ts";
import { classification, sparseClassification } from "./classification.ts";
import type { Generator } from "./generator.ts";
import { ratings } from "./ratings.ts";
import { regression } from "./regression.ts";

export const generators = registry<Generator>("generator", [
  regression,
  classification,
  sparseClassification,
  ratings,
]);
