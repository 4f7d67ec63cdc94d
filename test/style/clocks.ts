import type { SourceTexts } from "./source-tree.ts";

/** What makes a test depend on how fast a machine is, and what does the same without. */
const clocks: readonly [RegExp, string][] = [
  [/\bperformance\.now\(|\bDate\.now\(|\bhrtime\b/, "reads the wall clock: count events"],
  [/\bcpuUsage\(/, "reads the processor's time: count operations"],
  [/(?<!\.)\b(setTimeout|setInterval|sleep)\(/, "waits for a time: wait for an event"],
  [/\bvi\.(waitFor|waitUntil)\(/, "gives up by the clock: eventually() is patient"],
  [/\b(timeout|testTimeout): ?\d|^\s*\}, [\d_]{4,}\);$/, "has a time limit of its own"],
  [/\bAbortSignal\.timeout\(/, "gives up by the clock: abort at an event"],
];

/** Where time is real: elsewhere runs go by a virtual clock. */
const real = /^test\/(scenarios|faults|cli|emulator|platform|compute|infra)\//;
const bound = /\b(seconds|elapsedMs)\)\.toBeLess/;
const boundSays = "bounds a time from above";

/** Files that may, and why none of their tests fails on a slow machine. */
export const timed: Readonly<Record<string, string>> = {
  "test/eventually.ts": "the one way to poll",
  "test/plain-count.reporter.ts": "prints after all others",
  "test/math/kernels/threads.test.ts":
    "lets threads begin; what they have done by then may be none",
  "test/emulator/lambda-faults.test.ts": "kills at chosen instants; none of them is wrong",
  "test/faults/idle-environments.test.ts": "silence, in the campaign alone",
  "test/emulator/identity.test.ts": "signs by today's date",
  "test/platform/own-files.test.ts": "writes down when something began",
  "test/conformance/s3.ts": "asks by dates",
  "test/scenarios/crash.test.ts": "kills at random instants; none of them is wrong",
  "test/scenarios/deployed.test.ts": "charges of today and tomorrow",
  "test/scenarios/lost-orchestrator.test.ts": "ends a lease by its date",
  "test/simulation/simulated-run.ts": "writes that take longer than what is simulated beside them",
  "test/simulation/virtual-clock.test.ts":
    "work that takes real time while the virtual stands still",
  "test/scenarios/growth.test.ts": "processor time, with limits in the campaign alone",
  "test/scenarios/growth-emulated.test.ts": "the same",
  "test/worker/time-limit.test.ts": "work that is ended by the clock, or lasts beyond its limit",
  "test/simulation/pace.test.ts": "processor time, against sixteen times what it takes",
};

/** Tests that depend on the clock, as `path:line: what`, and exceptions that nothing needs. */
export function clockBreaches(
  texts: SourceTexts,
  exceptions: Readonly<Record<string, string>> = timed,
): string[] {
  const found: string[] = [];
  const needed = new Set<string>();
  for (const [path, text] of Object.entries(texts)) {
    if (!path.startsWith("test/") || path.startsWith("test/style/")) continue;
    for (const [i, line] of text.split("\n").entries()) {
      const isBound = real.test(path) && bound.test(line);
      const wrong = isBound ? boundSays : clocks.find(([pattern]) => pattern.test(line))?.[1];
      if (wrong === undefined) continue;
      if (Object.hasOwn(exceptions, path)) needed.add(path);
      else found.push(`${path}:${i + 1}: ${wrong}: ${line.trim()}`);
    }
  }
  for (const path of Object.keys(exceptions))
    if (!needed.has(path)) found.push(`${path}: an exception in test/style/clocks.ts for nothing`);
  return found;
}
