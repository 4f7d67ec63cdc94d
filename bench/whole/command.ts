import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** What one command took, from the start of its process to its end. */
export interface CommandFigures {
  readonly seconds: number;
  /** Of the process and of those that it waited for. */
  readonly processorSeconds: number;
  /** The largest process's. */
  readonly peakMegabytes: number;
  /** Its last line, as JSON. */
  readonly last: Readonly<Record<string, unknown>>;
}

export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly input?: object;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs a command under `/usr/bin/time`. Null, with a line that says why, where it fails: a peer
 * that is not installed is left out.
 */
export function timeCommand(folder: string, command: Command): CommandFigures | null {
  const told = join(folder, "time.txt");
  const format = ["-q", "-o", told, "-f", "%e %U %S %M"];
  const startMs = performance.now();
  const ran = spawnSync("/usr/bin/time", [...format, command.program, ...command.arguments], {
    input: command.input === undefined ? "" : JSON.stringify(command.input),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, ...command.environment },
  });
  const seconds = (performance.now() - startMs) / 1_000;
  const last = ran.stdout?.trim().split("\n").at(-1) ?? "";
  if (ran.status !== 0 || !last.startsWith("{")) {
    const why = ran.stderr?.trim().split("\n").at(-1) ?? ran.error?.message ?? "no output";
    console.log(`left out: ${command.program} ${command.arguments.join(" ")}: ${why}`);
    return null;
  }
  const [, user, system, kilobytes] = readFileSync(told, "utf8").trim().split(" ").map(Number);
  rmSync(told);
  return {
    seconds,
    processorSeconds: user! + system!,
    peakMegabytes: (kilobytes! * 1024) / 1e6,
    last: JSON.parse(last) as CommandFigures["last"],
  };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Where a row of the table is measured, of which builds, and beside which peers. */
export interface RowPlace {
  readonly folder: string;
  /** Label and root of each build. */
  readonly builds: readonly (readonly [string, string])[];
  readonly python: string;
  readonly repetitions: number;
}
