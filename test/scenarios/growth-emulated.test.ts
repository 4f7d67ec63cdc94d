import { expect, test } from "vitest";
import { train } from "../../src/index.ts";
import { campaign } from "../campaign.ts";
import { kofn } from "../cli/fixtures.ts";
import { eventually } from "../eventually.ts";
import {
  type CountedProcess,
  countedProcess,
  descendantsOf,
  emulatedAmong,
} from "../process-tree.ts";
import { growingRuns, limits, none, residentMegabytes, rest, tenths } from "./growing-runs.ts";
import { temporaryHome } from "./workplace.ts";

/**
 * A long run's rounds must cost every process at their end what they cost at their start: the one
 * that orchestrates, the emulator and each worker.
 */
const rounds = campaign(40, 3_000);
const runs = Object.entries(growingRuns(rounds + rest)).slice(0, campaign(1, none));
const workerCount = 4;

interface Use {
  readonly seconds: number;
  /** Of the largest process. */
  readonly megabytes: number;
}

type Role = "orchestrator" | "emulator" | "workers";

/** What the processes of each role have used so far; `known` ones are of no run. */
function usesOf(known: ReadonlySet<number>): Record<Role, Use> & { readonly workersSeen: number } {
  const others = descendantsOf(process.pid).filter(({ pid }) => !known.has(pid));
  const of = (some: readonly CountedProcess[]): Use => ({
    seconds: some.reduce((sum, one) => sum + one.seconds + one.endedSeconds, 0),
    megabytes: Math.max(0, ...some.map((one) => one.residentMegabytes)),
  });
  const { emulators, workers } = emulatedAmong(others);
  const { user, system } = process.cpuUsage();
  return {
    orchestrator: { seconds: (user + system) / 1e6, megabytes: residentMegabytes() },
    emulator: of(emulators),
    workers: of(workers),
    workersSeen: workers.length,
  };
}

/** Processor seconds that `work` takes in this process and in those that it starts and ends. */
async function processorSeconds(work: () => Promise<unknown>): Promise<number> {
  const spent = () => {
    const { seconds, endedSeconds } = countedProcess(process.pid)!;
    return seconds + endedSeconds;
  };
  const before = spent();
  await work();
  return spent() - before;
}

test.skipIf(process.platform !== "linux").each(runs)(
  "emulated rounds do not grow dearer in any process: %s",
  async (_, spec) => {
    await using home = await temporaryHome();
    const others = new Set(descendantsOf(process.pid).map(({ pid }) => pid));
    const marks: ReturnType<typeof usesOf>[] = [];
    const every = rounds / 10;
    // Near its end it is stopped, to be resumed.
    const nearEnd = new AbortController();
    const { stop } = await train(spec as never, {
      signal: nearEnd.signal,
      backend: "emulated",
      home: home.path,
      name: "long",
      listen(event) {
        if (event.type !== "round" || event.round >= rounds) return;
        if ((event.round + 1) % every === 0) marks.push(usesOf(others));
        if (event.round + 1 === rounds) nearEnd.abort();
      },
    });
    expect(stop).toBe("interrupted");
    expect(marks.length).toBe(10);
    // V8 lets a process have some hundred rounds' garbage before it collects all of it.
    const most = (role: Role, from: number) =>
      Math.max(...marks.slice(from, from + 3).map((mark) => mark[role].megabytes));
    for (const { workersSeen } of marks) expect(workersSeen).toBeGreaterThanOrEqual(workerCount);
    for (const role of ["orchestrator", "emulator", "workers"] as const) {
      const { early, late } = tenths(marks.map((mark) => mark[role].seconds));
      const [before, after] = [most(role, 2), most(role, 7)];
      console.log(
        `${role}: ${((1e3 * early) / every).toFixed(2)} processor ms a round early, ` +
          `${((1e3 * late) / every).toFixed(2)} late; ` +
          `${before.toFixed(0)} MB early, ${after.toFixed(0)} late`,
      );
      // Of a few rounds, the clock tells nothing.
      expect(late / Math.max(early, 1e-9), role).toBeLessThan(limits.ratio);
      expect(after - before, role).toBeLessThan(limits.growthMegabytes);
    }
    // What the run's own processes took counts with this one's once they have ended.
    const isOver = () => descendantsOf(process.pid).every(({ pid }) => others.has(pid));
    await eventually(isOver, "the emulator ends with its last user");
    const shown = await processorSeconds(async () => {
      expect((await kofn(home.path, "show", "long")).out).toContain("last events");
    });
    expect(shown).toBeLessThan(limits.lookSeconds);
    const resumed = await processorSeconds(async () => {
      const { exitCode, err } = await kofn(home.path, "resume", "long");
      expect(exitCode).toBe(0);
      expect(err).not.toContain("done already");
      await eventually(isOver, "the emulator ends with its last user");
    });
    console.log(`show: ${shown.toFixed(2)} processor s, what is left: ${resumed.toFixed(2)}`);
    expect(resumed).toBeLessThan(limits.resumeSeconds);
  },
);
