import type { Convergence, RoundEvent, RunEvent } from "../ports/events.ts";
import type { RunSpec } from "../spec/run-spec.ts";

/** The tolerance that counts as converged where the spec only names a number of rounds. */
const toleranceUsual = 1e-6;

/**
 * How near the optimum a finished run came, by the gradient norms of its first and last round, as
 * its stopping rule measures it. Null where no round reported one.
 */
export function convergenceOf(
  { optimizer, stop }: Pick<RunSpec, "optimizer" | "stop">,
  roundsDone: number,
  events: readonly RunEvent[],
): Convergence | null {
  const rounds = events.filter((event): event is RoundEvent => event.type === "round");
  const [first, last] = [rounds[0], rounds.at(-1)];
  if (first === undefined || last === undefined) return null;
  const gradient = first.gradientNorm === 0 ? 0 : last.gradientNorm / first.gradientNorm;
  const { tolerance, rounds: roundsMax } = stop;
  const isEarly = roundsDone < roundsMax;
  const isSmall = gradient <= (tolerance === 0 ? toleranceUsual : tolerance);
  if (isSmall || (isEarly && last.stood === undefined))
    return { converged: true, gradient, tolerance };
  const outcome = { converged: false, gradient, tolerance };
  if (isEarly)
    return {
      ...outcome,
      reason: `${last.stood}, although the gradient is not zero: float32 tells no more`,
      remedy: "scale the features (data.standardize: true), or take it as it is",
    };
  return {
    ...outcome,
    reason: `stop.rounds: ${roundsMax} rounds were not enough`,
    remedy: `raise stop.rounds, or choose another optimizer than ${optimizer.type}`,
  };
}
