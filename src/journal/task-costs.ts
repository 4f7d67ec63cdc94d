/** What something is expected to cost, in dollars: mean and standard deviation. */
export interface Expected {
  readonly usd: number;
  readonly deviationUsd: number;
  /** The dearest to be reckoned with. */
  readonly mostUsd: number;
}

/** What tasks are expected to cost before any was metered. */
export interface TaskPrices<Task> {
  /** In an environment that is there, or with one that starts for it. */
  expected(task: Task, isCold: boolean): Expected;
}

/** Of metered tasks: how many, the sum of their dollars and of the squares, and the dearest. */
export interface Metered {
  readonly count: number;
  readonly usd: number;
  readonly squares: number;
  readonly mostUsd: number;
}

/** Of one kind of task, in environments that were there and with starts. */
export interface KindCosts {
  readonly warm: Metered;
  readonly cold: Metered;
}

/** What was metered so far, by kind of task. Plain data: a checkpoint keeps it. */
export type MeteredCosts = Readonly<Record<string, KindCosts>>;

const none: Metered = { count: 0, usd: 0, squares: 0, mostUsd: 0 };

export const nothingMetered: KindCosts = { warm: none, cold: none };

export const free: Expected = { usd: 0, deviationUsd: 0, mostUsd: 0 };

export function withOne(metered: Metered, costUsd: number): Metered {
  return {
    count: metered.count + 1,
    usd: metered.usd + costUsd,
    squares: metered.squares + costUsd ** 2,
    mostUsd: Math.max(metered.mostUsd, costUsd),
  };
}

/** By what was metered of a kind, the plan counting as one task more. */
export function expectedCost(
  { warm, cold }: KindCosts,
  plan: (isCold: boolean) => Expected,
  isCold: boolean,
): Expected {
  if (isCold) {
    const start = combined(cold, plan(true));
    // It may also be as late as other tasks were.
    return { ...start, mostUsd: Math.max(start.mostUsd, start.usd + warm.mostUsd) };
  }
  if (warm.count > 0 || cold.count === 0) return combined(warm, plan(false));
  // Metered with starts alone: what was more than a start was work.
  const extra = Math.max(0, combined(cold, plan(true)).usd - plan(true).usd);
  const { usd, deviationUsd, mostUsd } = plan(false);
  return { usd: usd + extra, deviationUsd: deviationUsd + extra, mostUsd: mostUsd + extra };
}

function combined({ count, usd, squares, mostUsd }: Metered, plan: Expected): Expected {
  const mean = (usd + plan.usd) / (count + 1);
  const square = (squares + plan.usd ** 2 + plan.deviationUsd ** 2) / (count + 1);
  return {
    usd: mean,
    deviationUsd: Math.sqrt(Math.max(0, square - mean ** 2)),
    mostUsd: Math.max(mostUsd, plan.mostUsd),
  };
}
