import { readFileSync } from "node:fs";
import { messageOf } from "../../core/errors.ts";

const pageBytes = 4096;

/** Resident memory of a process in MB; 0 where the platform does not tell or it has ended. */
export function residentMb(pid: number): number {
  if (process.platform !== "linux") return 0;
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]);
    return Math.ceil((pages * pageBytes) / 1048576);
  } catch (thrown) {
    if (/ENOENT|ESRCH/.test(messageOf(thrown))) return 0;
    throw thrown;
  }
}
