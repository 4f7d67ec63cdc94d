import type { RunData } from "./data.ts";

/** One run beside the others. */
export interface ComparedRun {
  readonly run: RunData;
  /** (objective − best seen by any run) / |best|; null where either is unknown. */
  readonly gap: number | null;
  /** Seconds until the objective came within 1 % of the best seen; null: it never did. */
  readonly nearBestSeconds: number | null;
  /** Baseline seconds over this run's seconds. */
  readonly speedup: number | null;
}

export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly best: number | null;
  /** The run that waited for all its workers; without one, there is no baseline. */
  readonly baseline: RunData | null;
  /** Objectives of different problems or data say nothing about each other. */
  readonly sameProblem: boolean;
}

const nearShare = 0.01;

export function compareRuns(runs: readonly RunData[]): Comparison {
  const best = bestObjective(runs);
  const baseline = runs.find(waitedForAll) ?? null;
  return {
    best,
    baseline,
    sameProblem: new Set(runs.map(problemOf)).size <= 1,
    runs: runs.map((run) => ({
      run,
      gap: relativeGap(run.figures.objective, best),
      nearBestSeconds: nearBestSeconds(run, best),
      speedup:
        baseline === null || run.figures.seconds === 0
          ? null
          : baseline.figures.seconds / run.figures.seconds,
    })),
  };
}

/** The smallest objective any of the runs was ever seen at. */
export function bestObjective(runs: readonly RunData[]): number | null {
  let best: number | null = null;
  for (const { curve, figures } of runs)
    for (const value of [figures.objective, ...curve.points.map((point) => point.objective)])
      if (value !== null && (best === null || value < best)) best = value;
  return best;
}

export function relativeGap(objective: number | null, best: number | null): number | null {
  if (objective === null || best === null) return null;
  return best === 0 ? objective : (objective - best) / Math.abs(best);
}

/** No reply was left out but for those that were lost. */
export function waitedForAll({ facts, figures }: RunData): boolean {
  if (facts !== null && /^all\b/i.test(facts.wait.trim())) return true;
  return figures.arrivals.late === 0 && figures.arrivals.lost === 0 && figures.arrivals.counted > 0;
}

function nearBestSeconds({ curve }: RunData, best: number | null): number | null {
  const near = curve.points.find((point) => {
    const gap = relativeGap(point.objective, best);
    return gap !== null && gap <= nearShare;
  });
  return near?.seconds ?? null;
}

function problemOf({ facts }: RunData): string {
  return facts === null ? "" : `${facts.problem} ${facts.rows} ${facts.features}`;
}
