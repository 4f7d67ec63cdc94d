import type { GradientForm } from "../math/slices/sliced-gradient.ts";
import type { StrategyContext } from "./definition.ts";

/**
 * How workers are to tell gradients of tables; null for dense: where the problem has no tables, the
 * spec says so, or what is done with a gradient needs all of it.
 */
export function gradientForm(
  { spec, problem }: Pick<StrategyContext, "spec" | "problem">,
  needsAll: boolean,
): GradientForm | null {
  const { gradients = "auto" } = spec;
  const isPlain = problem.slicedGradient !== undefined && problem.l1 === 0 && problem.l2 === 0;
  return needsAll || !isPlain || gradients === "dense" ? null : gradients;
}
