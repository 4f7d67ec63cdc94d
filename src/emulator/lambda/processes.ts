import { spawn } from "node:child_process";
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

/**
 * For an emulator's own process: requests and replies are large and soon forgotten. Where young
 * objects are collected rarely, V8 comes to collect everything instead, every tenth round, for the
 * bytes that they hold.
 */
export const emulatorFlags: readonly string[] = ["--no-warnings", "--max-semi-space-size=4"];

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

/** Ends environments when the emulator is no more, even where they are too busy to notice. */
export interface ProcessReaper {
  watch(pid: number): void;
  forget(pid: number): void;
  close(): void;
}

/**
 * A shell that holds a list of process ids and kills what is left on it when its input ends, which
 * happens however the emulator ends. Where there is no shell (Windows), the channel between
 * emulator and environment has to do.
 */
export function startProcessReaper(): ProcessReaper {
  if (process.platform === "win32") return { watch() {}, forget() {}, close() {} };
  const shell = spawn("/bin/sh", ["-c", script], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.unref();
  const input = shell.stdin;
  // Without the shell, environments still watch their channel.
  input.on("error", () => {});
  shell.on("error", () => {});
  (input as unknown as { unref?: () => void }).unref?.();
  return {
    watch: (pid) => void input.write(`+ ${pid}\n`),
    forget: (pid) => void input.write(`- ${pid}\n`),
    close: () => void input.end(),
  };
}

const script = `
pids=" "
while read -r what pid; do
  case "$what" in
    +) pids="$pids$pid " ;;
    -) case "$pids" in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
for pid in $pids; do kill -9 "-$pid" 2>/dev/null; done
`;
