/** The median of so many runs, after two that do not count. */
export function medianMs(times: number, work: () => unknown): number {
  const taken: number[] = [];
  for (let i = -2; i < times; i++) {
    const begunMs = performance.now();
    work();
    if (i >= 0) taken.push(performance.now() - begunMs);
  }
  return taken.sort((a, b) => a - b)[times >> 1]!;
}
