/** What tasks cost: what is expected before any was metered, and what cannot be exceeded. */
export interface TaskPrices<Task> {
  /** The expected dollars, in an environment that is there, or with one that starts for it. */
  expectedUsd(task: Task, isCold: boolean): number;
  /** After how many milliseconds a worker gives up such a task at first. */
  limitMs(task: Task): number;
  /** The function's own time-out: no limit is longer. */
  readonly limitMsMax: number;
  /**
   * The most dollars that a task with this limit costs: the start of an environment, all of its
   * time, what ending it takes, its request, and requests to the store for what goes by reference.
   */
  boundUsd(task: Task, limitMs: number): number;
}

/** Of metered tasks: how many, and the sum of their dollars. */
export interface Metered {
  readonly count: number;
  readonly usd: number;
}

/** Of one kind of task, in environments that were there and with starts. */
export interface KindCosts {
  readonly warm: Metered;
  readonly cold: Metered;
}

/** What was metered so far, by kind of task. Plain data: a checkpoint keeps it. */
export type MeteredCosts = Readonly<Record<string, KindCosts>>;

const none: Metered = { usd: 0, count: 0 };

export const nothingMetered: KindCosts = { warm: none, cold: none };

export function withOne({ count, usd }: Metered, costUsd: number): Metered {
  return { count: count + 1, usd: usd + costUsd };
}

/** The expected dollars by what was metered of a kind, the plan counting as one task more. */
export function expectedUsd(
  { warm, cold }: KindCosts,
  planUsd: (isCold: boolean) => number,
  isCold: boolean,
): number {
  if (isCold) return meanWith(cold, planUsd(true));
  if (warm.count > 0 || cold.count === 0) return meanWith(warm, planUsd(false));
  // Metered with starts alone: what was more than a start was work.
  return planUsd(false) + Math.max(0, meanWith(cold, planUsd(true)) - planUsd(true));
}

function meanWith({ count, usd }: Metered, planUsd: number): number {
  return (usd + planUsd) / (count + 1);
}
