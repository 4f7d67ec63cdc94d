/** Something to be timed: run here, or asked how long it took elsewhere. */
export interface Contestant {
  readonly name: string;
  readonly run?: () => unknown;
  readonly ask?: () => Promise<number>;
  /** The share of repetitions that a slow one takes part in. */
  readonly times?: number;
}

export interface Taken {
  readonly medianMs: number;
  readonly bestMs: number;
}

const sleeping = new Int32Array(new SharedArrayBuffer(4));

/** Milliseconds since whenever. */
export type Clock = () => number;

/**
 * Processor time of this thread: what else a busy machine does is not in it. The system counts it
 * up to the microsecond only once the thread has slept; else up to its last tick, milliseconds ago.
 */
export const threadMs: Clock = () => {
  Atomics.wait(sleeping, 0, 0, 0.02);
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/**
 * How long each takes, all taking turns, so that what else the machine does falls on all alike. A
 * first turn, in which engines compile, does not count.
 */
export async function race(
  contestants: readonly Contestant[],
  repetitions: number,
  clock: Clock = () => performance.now(),
): Promise<Record<string, Taken>> {
  const taken = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let turn = -1; turn < repetitions; turn++) {
    for (const { name, run, ask, times = 1 } of contestants) {
      if (turn >= Math.max(1, times * repetitions)) continue;
      const begunMs = clock();
      run?.();
      const ms = ask === undefined ? clock() - begunMs : await ask();
      if (turn >= 0) taken.get(name)!.push(ms);
    }
  }
  return Object.fromEntries(
    [...taken].map(([name, times]) => {
      times.sort((a, b) => a - b);
      return [name, { medianMs: times[times.length >> 1]!, bestMs: times[0]! }];
    }),
  );
}
