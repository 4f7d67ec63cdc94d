import { registry } from "../core/registry.ts";
import { logistic } from "./logistic.ts";
import type { Problem } from "./problem.ts";
import { ridge } from "./ridge.ts";

export const problems = registry<Problem>("problem", [ridge, logistic]);
