import { readdirSync, readFileSync } from "node:fs";

/** A process as Linux counts it. */
export interface CountedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** Processor seconds of its own, in steps of 10 ms. */
  readonly seconds: number;
  /** Of its children that have ended, and theirs. */
  readonly endedSeconds: number;
  readonly residentMegabytes: number;
}

const [secondsATick, pageBytes] = [0.01, 4096];

/** A process's descendants, itself left out; none where the platform does not tell. */
export function descendantsOf(pid: number): CountedProcess[] {
  if (process.platform !== "linux") return [];
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .map(countedProcess)
    .filter((one) => one !== null);
  const found = new Set([pid]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const one of all) if (found.has(one.parent)) found.add(one.pid);
  }
  return all.filter((one) => one.pid !== pid && found.has(one.pid));
}

/** Of these, the emulators and the environments of their functions. */
export function emulatedAmong(processes: readonly CountedProcess[]): {
  readonly emulators: readonly CountedProcess[];
  readonly workers: readonly CountedProcess[];
} {
  const emulators = processes.filter(({ command }) => command.includes("emulator-host"));
  const hosts = new Set(emulators.map(({ pid }) => pid));
  const workers = processes.filter(
    ({ parent, command }) =>
      hosts.has(parent) && !command.startsWith("/bin/sh") && !command.includes("--build-snapshot"),
  );
  return { emulators, workers };
}

/** Null where it has ended. */
export function countedProcess(pid: number): CountedProcess | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  const end = text.lastIndexOf(")");
  const fields = text
    .slice(end + 2)
    .split(" ")
    .map(Number);
  const ticks = (at: number) => (fields[at]! + fields[at + 1]!) * secondsATick;
  return {
    ...{ pid, parent: fields[1]!, command: commandOf(pid) },
    ...{ seconds: ticks(11), endedSeconds: ticks(13) },
    residentMegabytes: (fields[21]! * pageBytes) / 1e6,
  };
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}
