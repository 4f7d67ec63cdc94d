import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { countedProcess, descendantsOf, emulatedAmong } from "../../test/process-tree.ts";

/** What a command and all that it started took; Linux only. */
export interface TreeFigures {
  readonly seconds: number;
  /** Of all its processes. */
  readonly processorSeconds: number;
  /** Of all its processes at once, what they share counted once; looked at now and then. */
  readonly peakMegabytes: number;
  /** The first process's own peak. */
  readonly firstMegabytes: number;
  /** The largest emulated worker's; 0 for none. */
  readonly workerMegabytes: number;
}

const [lookMs, shareMax] = [100, 0.1];

/** Runs a command to its end. Throws where it fails. */
export async function measureTree(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<TreeFigures> {
  const before = countedProcess(process.pid)!.endedSeconds;
  const begunMs = performance.now();
  const child = spawn(command[0]!, command.slice(1), {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (some) => {
    said += some;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  /** Processor seconds of each process as last seen: not every one is waited for by its parent. */
  const spent = new Map<number, number>();
  let [peak, first, largest, isOver] = [0, 0, 0, false];
  void ended.then(() => {
    isOver = true;
  });
  const watch = async () => {
    while (!isOver) {
      const lookedMs = performance.now();
      const others = descendantsOf(child.pid!);
      spent.set(child.pid!, countedProcess(child.pid!)?.seconds ?? spent.get(child.pid!) ?? 0);
      for (const { pid, seconds } of others) spent.set(pid, seconds);
      const pids = [child.pid!, ...others.map(({ pid }) => pid)];
      peak = Math.max(
        peak,
        pids.reduce((sum, pid) => sum + shareOf(pid), 0),
      );
      first = Math.max(first, ownPeak(child.pid!));
      for (const { pid } of emulatedAmong(others).workers)
        largest = Math.max(largest, ownPeak(pid));
      // Looking at hundreds of processes takes long, and must not be what is measured.
      const tookMs = performance.now() - lookedMs;
      await Promise.race([ended, sleep(Math.max(lookMs, tookMs / shareMax))]);
    }
  };
  await watch();
  const code = await ended;
  // Those that outlive the first one end by themselves.
  for (let alive = [...spent.keys()]; alive.length > 0; await sleep(lookMs / 10)) {
    alive = alive.filter((pid) => {
      const seconds = countedProcess(pid)?.seconds ?? null;
      if (seconds !== null) spent.set(pid, seconds);
      return seconds !== null;
    });
  }
  const reaped = countedProcess(process.pid)!.endedSeconds - before;
  const seen = [...spent.values()].reduce((sum, one) => sum + one, 0);
  if (code !== 0) throw new Error(`${command.join(" ")}: exit ${code}\n${said}`);
  return {
    seconds: (performance.now() - begunMs) / 1000,
    processorSeconds: Math.max(reaped, seen),
    ...{ peakMegabytes: peak, firstMegabytes: first, workerMegabytes: largest },
  };
}

/** In MB, each page divided by the number of those that have it. */
function shareOf(pid: number): number {
  return kilobytesIn(`/proc/${pid}/smaps_rollup`, /^Pss: +(\d+) kB$/m);
}

function ownPeak(pid: number): number {
  return kilobytesIn(`/proc/${pid}/status`, /^VmHWM:\s+(\d+) kB$/m);
}

/** 0 where the process has ended. */
function kilobytesIn(path: string, pattern: RegExp): number {
  try {
    return (Number(pattern.exec(readFileSync(path, "latin1"))?.[1] ?? 0) * 1024) / 1e6;
  } catch {
    return 0;
  }
}
