/**
 * The median of so many runs, after two that do not count: of this thread's own time on a
 * processor, so that whoever else works on the machine does not count.
 */
export function medianMs(times: number, work: () => unknown): number {
  const taken: number[] = [];
  for (let i = -2; i < times; i++) {
    const before = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(before);
    if (i >= 0) taken.push((user + system) / 1000);
  }
  return taken.sort((a, b) => a - b)[times >> 1]!;
}
