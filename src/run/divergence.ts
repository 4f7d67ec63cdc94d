import type { RoundEvent, RunEvent } from "../ports/events.ts";

/** So many times the first round's objective is no step of a training that converges. */
const growthMax = 1e6;

/** Tells from a run's rounds when it has diverged: to go on would cost, and lead nowhere. */
export interface DivergenceWatch {
  /** Takes every event of the run, in order, those before a resume too. */
  record(event: RunEvent): void;
  /** Why it must stop; null while it need not. */
  reason(): string | null;
}

export function watchDivergence(): DivergenceWatch {
  let first: number | null = null;
  let wasFinite = false;
  let diverged: string | null = null;
  return {
    record(event) {
      if (event.type !== "round") return;
      const { objectiveEstimate: now, gradientNorm } = event;
      // Strategies that do not know an objective say NaN from the first round on.
      const isLost = wasFinite && !(Number.isFinite(now) && Number.isFinite(gradientNorm));
      wasFinite = Number.isFinite(now) && Number.isFinite(gradientNorm);
      if (first === null && wasFinite) first = now;
      const isHuge = first !== null && first > 0 && now > growthMax * first;
      if (isLost || isHuge) diverged = inWords(event, first!);
    },
    reason: () => diverged,
  };
}

function inWords({ round, objectiveEstimate, gradientNorm }: RoundEvent, first: number): string {
  const now = Number.isFinite(objectiveEstimate)
    ? `the objective is ${objectiveEstimate.toPrecision(3)}`
    : `objective and gradient are no numbers any more (${objectiveEstimate}, ${gradientNorm})`;
  return (
    `it diverged: in round ${round + 1} ${now}, and it was ${first.toPrecision(3)} in the first ` +
    "(take smaller steps, scale the features, or wait for more replies)"
  );
}
