/**
 * The mean of so many runs, after two that do not count: of this thread's own time on a processor,
 * so that whoever else works on the machine does not count.
 */
export function meanMs(times: number, work: () => unknown): number {
  for (let i = 0; i < 2; i++) work();
  const before = process.threadCpuUsage();
  for (let i = 0; i < times; i++) work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / times;
}

/** Milliseconds of processors that some work takes, all threads of this process together. */
export function processMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/**
 * The quickest of so many runs by the clock: others on the machine can only slow some of them. For
 * work of a millisecond, which is less than a thread's own time is counted in.
 */
export function quickestMs(times: number, work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const begunMs = performance.now();
    work();
    least = Math.min(least, performance.now() - begunMs);
  }
  return least;
}

/**
 * Of works the quickest time by the clock, by turns, so that whoever else works on the machine
 * slows all of them.
 */
export function byTurns<Name extends string>(
  names: readonly Name[],
  turns: number,
  works: Readonly<Record<Name, () => unknown>>,
): Readonly<Record<Name, number>> {
  const least = Object.fromEntries(names.map((name) => [name, quickestMs(2, works[name])]));
  for (let turn = 0; turn < turns; turn++)
    for (const name of names) least[name] = Math.min(least[name]!, quickestMs(3, works[name]));
  return least as Record<Name, number>;
}
