import { readFileSync } from "node:fs";
import { messageOf } from "../../core/errors.ts";

const pageBytes = 4096;

/**
 * For processes that pass buffers of some hundred KiB around: glibc keeps what was freed instead of
 * giving it back and paying page faults for the next one. Elsewhere these variables mean nothing.
 */
export const keepingMemory: Readonly<Record<string, string>> = {
  MALLOC_MMAP_THRESHOLD_: String(32 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(128 * 1024 * 1024),
  MALLOC_TOP_PAD_: String(1024 * 1024),
};

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
