import { Worker } from "node:worker_threads";
import { RunError } from "../core/errors.ts";

/** Where a process and its watching thread meet: a turn that goes up, and a deadline. */
const turnAt = 0;
const deadlineAt = 1;
const cellBytes = Float64Array.BYTES_PER_ELEMENT;

/** Ends the process at the deadline, whatever its main thread is doing. Plain JavaScript. */
const watching = `
const { workerData } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const turns = new Int32Array(workerData);
const deadlines = new Float64Array(workerData);
const nowMs = () => performance.timeOrigin + performance.now();
for (;;) {
  const turn = Atomics.load(turns, ${turnAt});
  const leftMs = Math.max(0, deadlines[${deadlineAt}] - nowMs());
  if (Atomics.wait(turns, ${turnAt}, turn, leftMs) !== "timed-out") continue;
  writeSync(2, "kofn: the task's limit of time has passed; this environment ends\\n");
  process.kill(process.pid, "SIGKILL");
}`;

/** How long a task may take, and how much of that was over when its worker got it. */
export interface TimeLimit {
  readonly limitMs: number;
  readonly passedMs: number;
}

/**
 * Does work within a limit of time. Whoever is late ends with its whole process, by a thread of its
 * own: synchronous work hears no timer, and every further second is paid for. Throws `RunError`
 * where the time was over before the work began.
 */
export class Watchdog {
  private readonly shared = new SharedArrayBuffer(2 * cellBytes);
  private thread: Worker | null = null;

  async keep<T>({ limitMs, passedMs }: TimeLimit, work: () => Promise<T> | T): Promise<T> {
    const leftMs = limitMs - passedMs;
    if (leftMs <= 0)
      throw new RunError(
        "time-limit",
        `the task's limit of ${(limitMs / 1000).toFixed(2)} seconds had passed before it began`,
      );
    this.setDeadline(performance.timeOrigin + performance.now() + leftMs);
    try {
      return await work();
    } finally {
      this.setDeadline(Number.POSITIVE_INFINITY);
    }
  }

  private setDeadline(atMs: number): void {
    new Float64Array(this.shared)[deadlineAt] = atMs;
    const turns = new Int32Array(this.shared);
    Atomics.add(turns, turnAt, 1);
    Atomics.notify(turns, turnAt);
    if (this.thread !== null || atMs === Number.POSITIVE_INFINITY) return;
    this.thread = new Worker(watching, {
      eval: true,
      execArgv: [],
      workerData: this.shared,
    });
    this.thread.unref();
  }
}
